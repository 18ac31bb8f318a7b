"""Cuts a name into numbers, words, marks, and what only looks like numbers: clocks, sizes, ids. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "letters", "mark", "uuid", "hash", "time", "size", "share"]

_YEARS = rb"(?:19|20)\d\d"
_MONTH = rb"(?:0[1-9]|1[0-2])"
_DAY = rb"(?:0[1-9]|[12]\d|3[01])"
_DATE = _YEARS + rb"[-_.]?" + _MONTH + rb"[-_.]?" + _DAY
_DAY_FIRST = rb"(?:%s[-.]%s|%s[-.]%s)[-.]20[12]\d" % (_DAY, _MONTH, _MONTH, _DAY)
_SECONDS = rb"(?:[-_.:m]?[0-5]\d(?:\.\d{1,6}|\d{6}|\d{3})?)?"
_HOURS = rb"(?:[-_.T ]{0,2}(?:[01]\d|2[0-3])[-_.:h]?[0-5]\d" + _SECONDS + rb")?s?(?!\d)"
# The first that fits wins; the order matters.
_ODD: list[tuple[Kind, bytes]] = [
    ("uuid", rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"),
    ("time", _DATE + _HOURS),
    ("time", _DAY_FIRST + _HOURS),
    # seconds since 1970, 2001 to 2033, with or without milli-, micro- or nanoseconds
    ("time", rb"1\d{9}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?(?!\d)"),
    # longer than any step that is not filled up with zeros: seeds and other ids
    ("time", rb"[1-9]\d{8,}(?!\d)"),
    ("time", rb"(?:[01]\d|2[0-3])[-:][0-5]\d[-:][0-5]\d(?!\d)"),
    ("size", rb"\d+(?:[xX]|\xc3\x97)\d+(?:(?:[xX]|\xc3\x97)\d+)*(?![A-Za-z0-9])"),
    # not f0000012, which is a number behind a letter
    ("hash", rb"(?![a-f]0\d+(?![a-f]))(?=\d*[a-f])(?=[a-f]*\d[0-9a-f]*\d)[0-9a-f]{8,64}(?![A-Za-z0-9])"),
    ("share", rb"\d+(?:\.\d+)?(?:[eE][-+]?\d+)(?![A-Za-z0-9])"),
    ("share", rb"\d+\.\d+(?![\d.])(?=[^A-Za-z.]|$)"),
]  # fmt: skip
_TOKEN = re.compile(
    b"|".join(b"(?P<odd%d>(?<![A-Za-z0-9])%s)" % (n, form) for n, (_, form) in enumerate(_ODD))
    # glued to its word: lr0.0002, cfg7.5, lr1e-4
    + rb"|(?P<share>(?<=[A-Za-z])(?:\d\.\d{1,6}|\d+(?:\.\d+)?[eE]-\d+)(?![\d.A-Za-z]))"
    + rb"|(?P<number>\d+)|(?P<letters>[A-Za-z]+)|(?P<mark>[^A-Za-z0-9]+)"
)


@dataclass(frozen=True)
class Piece:
    """Some bytes of a name and what they look like."""

    kind: Kind
    text: bytes


def pieces_of(text: bytes) -> list[Piece]:
    """All of `text`, cut."""
    return [_piece(found) for found in _TOKEN.finditer(text)]


def _piece(found: re.Match[bytes]) -> Piece:
    name = str(found.lastgroup)
    if name.startswith("odd"):
        return Piece(_ODD[int(name[3:])][0], found[0])
    return Piece(name, found[0])  # type: ignore[arg-type] # the other groups are called by their kind


def is_odd(text: bytes) -> bool:
    """Whether it begins with a clock, a size or the like."""
    found = _TOKEN.match(text)
    return found is not None and str(found.lastgroup).startswith("odd")


def clock_value(text: bytes) -> int:
    """A clock as a number that rises with time: its digits, the year first."""
    if re.fullmatch(rb"(?:\d\d[-.]){2}20\d\d.*", text, re.DOTALL):
        first, second, year, rest = text[:2], text[3:5], text[6:10], text[10:]
        month, day = (first, second) if int(second) > 12 else (second, first)
        text = year + month + day + rest
    return int(b"".join(re.findall(rb"\d+", text))[:20])
