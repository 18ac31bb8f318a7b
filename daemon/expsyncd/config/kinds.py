"""The kinds of values in hosts.yaml: how each is read from the tree, named in the docs, told to editors."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

from expsyncd.config.problems import Fault, Mark
from expsyncd.config.tree import Listing, Refused, Scalar, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expsyncd.config.problems import Problems
    from expsyncd.config.tree import Piece

SWITCH_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


class Found(NamedTuple):
    """A value and where it was written."""

    value: Any
    mark: Mark


@dataclass(frozen=True)
class Kind:
    """`words` is the placeholder of the docs, `schema` what editors are told."""

    words: str
    schema: Mapping[str, Any]
    reader: Callable[[Piece, Problems], Any]
    may_be_empty: bool = False

    def read(self, piece: Piece, problems: Problems) -> Any:
        """The value of `piece`. Raises Fault; what is wrong inside a list or mapping goes to `problems`."""
        if isinstance(piece, Refused):
            raise Fault(piece.mark)
        return self.reader(piece, problems)


def scalar(words: str, parse: Callable[[str], Any], *types: str, **schema: Any) -> Kind:
    """A kind of one text; `parse` raises ValueError with words for the person."""

    def read(piece: Piece, problems: Problems) -> Any:  # noqa: ARG001 - one shape for all kinds
        if not isinstance(piece, Scalar):
            raise Fault(piece.mark, f"one value belongs here: {words}")
        if piece.lines > 1:
            raise Fault(piece.mark, "this goes over several lines: keep it on one (or is a - or : missing?)")
        try:
            return parse(piece.text)
        except ValueError as error:
            raise Fault(piece.mark, str(error)) from None

    return Kind(words, {"type": list(types) if len(types) > 1 else (types or ("string",))[0], **schema}, read)


def _switch(text: str) -> bool:
    if (value := SWITCH_WORDS.get(text.lower())) is None:
        raise ValueError("this must be true or false")
    return value


SWITCH = scalar("true or false", _switch, "boolean")


def switch_or(long: Kind) -> Kind:
    """true, false, or the keys of a section: gives None for false, and no keys for true."""

    def read(piece: Piece, problems: Problems) -> Any:
        if isinstance(piece, Section):
            return long.read(piece, problems)
        if not isinstance(piece, Scalar):
            raise Fault(piece.mark, f"{SWITCH.words} belongs here, or keys")
        return {} if SWITCH.read(piece, problems) else None

    return Kind(f"{SWITCH.words}, or keys", {"anyOf": [SWITCH.schema, long.schema]}, read)


def one_of(*words: str) -> Kind:
    """One of a few words."""

    def parse(text: str) -> str:
        if text not in words:
            raise ValueError(f"this must be one of {', '.join(words)}{did_you_mean(text, words)}")
        return text

    return scalar(", ".join(words[:-1]) + f" or {words[-1]}", parse, enum=list(words))


def listing(kind: Kind, *, single: bool = True, most: int = 1000) -> Kind:
    """A list of `kind`, or with `single` one alone; gives a tuple of Found. Left blank it is empty."""

    def read(piece: Piece, problems: Problems) -> tuple[Found, ...]:
        if isinstance(piece, Scalar) and piece.empty:
            return ()
        if isinstance(piece, Scalar) and single:
            return (Found(kind.read(piece, problems), piece.mark),)
        if not isinstance(piece, Listing):
            raise Fault(piece.mark, f'a list belongs here: begin each line with "- " ({kind.words})')
        if len(piece.items) > most:
            raise Fault(piece.mark, f"this list has more than {most} entries")
        found = []
        for item in piece.items:
            try:
                if isinstance(item, Scalar) and item.plain and not item.text:
                    raise Fault(item.mark, "this entry is empty")  # noqa: TRY301 - noted with the others
                found.append(Found(kind.read(item, problems), item.mark))
            except Fault as fault:
                problems.note(fault)
        return tuple(found)

    array = {"type": "array", "items": kind.schema}
    forms = [kind.schema, array] if single else [array]
    return Kind(
        f"list of {kind.words}" + (", or one" if single else ""),
        {"anyOf": [*forms, {"type": "null"}]},
        read,
        may_be_empty=True,
    )


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`; did you mean "interval"?` or nothing."""
    near = get_close_matches(word[:80].lower().replace("-", "_"), list(known), n=1, cutoff=0.6)
    return f'; did you mean "{near[0]}"?' if near else ""
