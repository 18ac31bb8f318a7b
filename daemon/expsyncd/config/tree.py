"""The text of hosts.yaml as a tree of marked pieces: nothing is resolved, constructed or expanded.

Scalars stay their text, so that YAML 1.1's `no`, `12:30` and `1e3` mean what is written. The tree is made
from the parser's events with an own stack: depth and number of pieces are bounded, recursion is not used.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml
from yaml.error import YAMLError

from expsyncd.config.syntax import explain, mark_of

if TYPE_CHECKING:
    from expsyncd.config.problems import Mark, Problems

DEEPEST = 40
MOST_PIECES = 20_000

_SURROGATE = re.compile("[\ud800-\udfff]")
_NULLS = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True)
class Scalar:
    """One text. `plain` is without quotes, `lines` how many lines it goes over."""

    mark: Mark
    text: str
    plain: bool = True
    lines: int = 1

    @property
    def empty(self) -> bool:
        """Nothing was written, or YAML's words for nothing."""
        return self.plain and self.text in _NULLS


@dataclass(frozen=True)
class Listing:
    """`- a` lines or `[a, b]`."""

    mark: Mark
    items: list[Piece] = field(default_factory=list)


@dataclass(frozen=True)
class Section:
    """`key: value` lines or `{key: value}`; of a key written twice the first counts."""

    mark: Mark
    entries: dict[str, tuple[Scalar, Piece]] = field(default_factory=dict)


@dataclass(frozen=True)
class Refused:
    """Stands for what was reported already, so that nothing is reported twice."""

    mark: Mark


Piece = Scalar | Listing | Section | Refused


class _Builder:
    """Puts events together; `keys` holds the key that waits for its value, one a level."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._open: list[Listing | Section] = []
        self._keys: list[Scalar | Refused | None] = []
        self._tagged: set[Mark] = set()
        self._pieces = 0
        self.top: Piece | None = None

    def _place(self, piece: Piece) -> None:
        if not self._open:
            self.top = piece
            return
        around = self._open[-1]
        if isinstance(around, Listing):
            around.items.append(piece)
        elif (key := self._keys[-1]) is None:
            self._keys[-1] = self._as_key(piece)
        else:
            self._keys[-1] = None
            if isinstance(key, Scalar):
                self._enter(around, key, piece)

    def _as_key(self, piece: Piece) -> Scalar | Refused:
        if isinstance(piece, Scalar):
            if piece.plain and piece.text == "<<":
                self._problems.add(piece.mark, "merge keys (<<) are not used here: write the keys out")
                return Refused(piece.mark)
            return piece
        if not isinstance(piece, Refused):
            self._problems.add(piece.mark, "a key must be one word, not a list or a mapping")
        return Refused(piece.mark)

    def _enter(self, section: Section, key: Scalar, piece: Piece) -> None:
        if key.text in section.entries:
            first = section.entries[key.text][0].mark.line
            self._problems.add(key.mark, f'"{key.text[:80]}" is here twice: already on line {first}')
        else:
            section.entries[key.text] = (key, piece)

    def take(self, event: yaml.Event) -> None:
        """One event; raises ConfigError where going on makes no sense."""
        mark = mark_of(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            self._problems.add(
                mark,
                f'aliases are not used here: put the text in quotes, like "*{event.anchor}"',
            )
            self._place(Refused(mark))
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._begin(event, mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._open.pop()
            self._keys.pop()
            self._place(Refused(closed.mark) if closed.mark in self._tagged else closed)
        elif isinstance(event, yaml.DocumentStartEvent) and self.top is not None:
            self._problems.add(mark, 'a second document begins here ("---"): keep one')
            self._problems.check()

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, mark: Mark) -> None:
        self._pieces += 1
        too_deep = len(self._open) >= DEEPEST and not isinstance(event, yaml.ScalarEvent)
        if too_deep or self._pieces > MOST_PIECES:
            what = "too deep" if too_deep else "too much"
            self._problems.add(mark, f"{what}: {DEEPEST} levels and {MOST_PIECES} entries are the limit")
            self._problems.check()
        if event.anchor is not None:
            self._problems.add(
                mark, "anchors (&…) are not used here: write it out, or put the text in quotes"
            )
        if event.tag is not None:
            self._tagged.add(mark)
            self._problems.add(
                mark, "tags (!…) are not used here: put the text in quotes if it begins with a !"
            )
        if isinstance(event, yaml.ScalarEvent):
            self._place(Refused(mark) if event.tag is not None else self._scalar(event, mark))
            return
        self._open.append(Section(mark) if isinstance(event, yaml.MappingStartEvent) else Listing(mark))
        self._keys.append(None)

    def _scalar(self, event: yaml.ScalarEvent, mark: Mark) -> Scalar | Refused:
        if _SURROGATE.search(event.value):
            self._problems.add(mark, "half a character (\\ud800 to \\udfff) is no text")
            return Refused(mark)
        lines = mark_of(event.end_mark).line - mark.line + 1
        return Scalar(mark, event.value, plain=event.style is None, lines=lines)


def read(text: str, problems: Problems) -> Piece | None:
    """The tree of `text`, None when nothing is written; what is wrong goes to `problems`.

    Raises ConfigError where the parser cannot go on.
    """
    builder = _Builder(problems)
    loader = yaml.SafeLoader(text)
    try:
        while loader.check_event():
            builder.take(loader.get_event())  # type: ignore[no-untyped-call]
    except YAMLError as error:
        problems.add(*explain(error))
        problems.check()
    except (ValueError, OverflowError) as error:  # "\Uffffffff", %YAML with a giant number
        problems.add(mark_of(loader.get_mark()), f"this is not YAML: {error}")
        problems.check()
    finally:
        loader.dispose()
    return builder.top
