"""Long names cut in the middle so that they fit and stay different. Pure."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

DOTS = "…"
PLAIN_DOTS = "~"  # for what cannot show dots
TAILS = (0.6, 0.4, 0.8, 0.25, 1.0, 0.0)  # shares of the room for the end, which mostly says more
SEPARATORS = "/_. "
STEP = 4
LONGEST = 400


def cells(text: str) -> int:
    """How many columns a text takes: Chinese and the like two a character, accents none."""
    if text.isascii() or text.replace(DOTS, ".").isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def cut(text: str, room: int, tail: float = TAILS[0], dots: str = DOTS) -> str:
    """The text in at most `room` columns, `tail` of which show its end."""
    if cells(text) <= room:
        return text
    kept = max(0, room - 1)
    while True:
        end = round(kept * tail)
        short = text[: kept - end] + dots + (text[len(text) - end :] if end else "")
        if kept == 0 or cells(short) <= room:
            return short
        kept -= 1


def elided(names: Sequence[str], room: int, most: int = LONGEST, dots: str = DOTS) -> list[str]:
    """Every name in `room` columns, more only where they could not be told apart; never more than `most`."""
    longest = max(map(cells, names), default=0)
    if longest <= room:
        return list(names)
    apart = len(set(names))
    for wide in range(min(room, most), min(longest, most) + STEP, STEP):
        for way in _ways(names, min(wide, most), dots):
            short = [name if cells(name) <= min(wide, most) else way(name) for name in names]
            if len(set(short)) == apart:
                return short
    return _numbered([cut(name, most - len(str(apart)) - 1, dots=dots) for name in names], names)


def _ways(names: Sequence[str], room: int, dots: str) -> Iterator[Callable[[str], str]]:
    for tail in TAILS:
        yield lambda name, tail=tail: cut(name, room, tail, dots)  # type: ignore[misc]
    # They differ in the middle only: what all long ones begin and end with goes, if possible by whole words.
    long = [name for name in names if cells(name) > room]
    start = _shared(long)
    end = min(_shared([name[::-1] for name in long]), min(map(len, long)) - start)
    words = max((long[0].rfind(mark, 0, start) + 1 for mark in SEPARATORS), default=0)
    ends = [at for mark in SEPARATORS if (at := long[0].find(mark, len(long[0]) - end)) >= 0]
    for before, after in ((words, len(long[0]) - min(ends) if ends else 0), (start, end)):
        longest = max(cells(name) for name in long) - before - after
        if 0 < longest <= room - 2:
            yield _middle(before, after, room - 2 - longest, dots)


def _shared(names: Sequence[str]) -> int:
    """How many characters they all begin with."""
    low, high = min(names), max(names)
    return next((n for n, (one, other) in enumerate(zip(low, high, strict=False)) if one != other), len(low))


def _middle(start: int, end: int, spare: int, dots: str) -> Callable[[str], str]:
    """Leaves out most of the first `start` and the last `end` characters; `spare` of them may stay."""
    head = min(start, spare // 2)
    foot = min(end, spare - head)

    def way(name: str) -> str:
        inner = name[start : len(name) - end]
        before = name[:start] if start <= head + 1 else name[:head] + dots
        after = name[len(name) - end :] if end <= foot + 1 else dots + name[len(name) - foot :][:foot]
        return before + inner + (after if end else "")

    return way


def _numbered(short: list[str], names: Sequence[str]) -> list[str]:
    numbers: dict[str, dict[str, int]] = {}
    shown = []
    for text, name in zip(short, names, strict=True):
        known = numbers.setdefault(text, {})
        number = known.setdefault(name, len(known) + 1)
        shown.append(text if number == 1 else f"{text}#{number}")
    return shown
