"""YAML of others as plain dicts, lists and texts: nothing is constructed, programs' tags are left out. Pure.

Made from the parser's events with an own stack. An alias is a reference to what stands already, so a small
file that unfolds into billions of pieces stays small here; who walks it bounds the walk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.error import YAMLError

DEEPEST = 40
PIECES_MOST = 50_000
ALIASES_MOST = 1000
STANDARD = "tag:yaml.org,2002:"
PLAIN_TAGS = frozenset(STANDARD + name for name in ("str", "int", "float", "bool", "null", "seq", "map"))
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})


class NoYamlError(Exception):
    """Why a text cannot be read, for people."""


class _LeftOut:
    """Stands where something was that is not taken."""


LEFT_OUT = _LeftOut()


@dataclass
class Found:
    """`value`: dicts, lists, texts and None. `tags`: those that were left out with what they stood before."""

    value: Any = None
    tags: set[str] = field(default_factory=set)


class _Builder:
    def __init__(self) -> None:
        self.found = Found()
        self._open: list[
            tuple[Any, list[Any], str | None, bool]
        ] = []  # container, waiting key, anchor, taken
        self._anchors: dict[str, Any] = {}
        self._pieces = self._aliases = 0
        self.done = False

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._aliases += 1
            if self._aliases > ALIASES_MOST:
                raise NoYamlError(f"more than {ALIASES_MOST} aliases")
            self._place(self._anchors.get(event.anchor or "", LEFT_OUT))
        elif isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
            self._begin(event)
        elif isinstance(event, yaml.CollectionEndEvent):
            container, _, anchor, taken = self._open.pop()
            value = container if taken else LEFT_OUT
            if anchor is not None:
                self._anchors[anchor] = value
            self._place(value)
        elif isinstance(event, yaml.DocumentEndEvent):
            self.done = True  # a second document is another matter

    def _begin(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent) -> None:
        self._pieces += 1
        if self._pieces > PIECES_MOST:
            raise NoYamlError(f"more than {PIECES_MOST} pieces")
        taken = event.tag is None or event.tag in PLAIN_TAGS or event.tag == "!"
        if event.tag is not None and not taken:
            self.found.tags.add(_short(event.tag))
        if isinstance(event, yaml.ScalarEvent):
            value: Any = event.value
            if event.style is None and event.value in _NULLS and event.tag is None:
                value = None
            if not taken:
                value = LEFT_OUT
            if event.anchor is not None:
                self._anchors[event.anchor] = value
            self._place(value)
            return
        if len(self._open) >= DEEPEST:
            raise NoYamlError(f"more than {DEEPEST} levels")
        container: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
        # The whole file as an object of some program: its parts are settings all the same.
        whole = not self._open and isinstance(event, yaml.MappingStartEvent)
        self._open.append((container, [], event.anchor, taken or whole))

    def _place(self, value: Any) -> None:
        if not self._open:
            self.found.value = None if value is LEFT_OUT else value
            return
        around, waiting, _, _ = self._open[-1]
        if isinstance(around, list):
            if value is not LEFT_OUT:
                around.append(value)
        elif not waiting:
            waiting.append(value)
        else:
            key = waiting.pop()
            if key == "<<" and isinstance(value, dict):
                for name, inner in list(value.items()):
                    around.setdefault(name, inner)
            elif value is not LEFT_OUT and (key is None or isinstance(key, str)):
                around["null" if key is None else key] = value


def parsed(text: str) -> Found:
    """The first document of `text`. Raises NoYamlError."""
    builder = _Builder()
    loader = None
    try:
        loader = yaml.SafeLoader(text)
        while not builder.done and loader.check_event():
            builder.take(loader.get_event())  # type: ignore[no-untyped-call]
    except YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}: " if mark is not None else ""
        raise NoYamlError(f"{place}{getattr(error, 'problem', None) or 'it is no YAML'}") from None
    except (ValueError, OverflowError, RecursionError) as error:
        raise NoYamlError(f"it is no YAML: {error}") from None
    finally:
        if loader is not None:
            loader.dispose()
    return builder.found


def _short(tag: str) -> str:
    return f"!!{tag.removeprefix(STANDARD)}"[:80] if tag.startswith(STANDARD) else tag[:80]
