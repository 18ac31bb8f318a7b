"""A curve drawn with characters: braille dots, or plain ASCII. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.elide import cells, cut
from expsyncd.cli.runs_view.values import figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.state.measured import Point

# The dots of a braille character from top to bottom, left and right (Unicode 15, block 2800).
BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
FIRST_BRAILLE = 0x2800
# Two dots above each other in a character, by which of them there are.
PLAIN = {0: " ", 1: "'", 2: ".", 3: ":"}
LOG_FROM = 1000.0  # greatest / least; a curve over more shows its end only on a log scale
FLAT = 1e-12


@dataclass(frozen=True)
class Scale:
    """From a value to 0 … 1, bottom to top."""

    low: float
    high: float
    log: bool

    def at(self, value: float) -> float:
        """Where a value stands; 0.5 when all are the same."""
        low, high = self.low, self.high
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        if high - low <= FLAT * max(abs(high), abs(low), 1e-300):
            return 0.5
        # Halves first: the difference of two huge numbers is infinite.
        return (value / 2 - low / 2) / (high / 2 - low / 2)


def plot(points: Sequence[Point], title: str, width: int, height: int, *, braille: bool = True) -> list[str]:
    """The title, `height` lines with the curve over its steps, and the steps; none wider than `width`."""
    real = [(step, value) for step, _, value in points if math.isfinite(value)]
    if not real:
        return [cut(title, width), "no value was a number" if points else "no points"]
    scale = scale_of([value for _, value in real])
    labels = [figure(scale.high), figure(scale.low)]
    side = max(map(len, labels))
    room = max(4, width - side - 1)
    rows = _braille(real, scale, room, height) if braille else _plain(real, scale, room, height)
    marks = {0: labels[0], height - 1: labels[1]}
    lines = [f"{marks.get(number, ''):>{side}} {row}".rstrip() for number, row in enumerate(rows)]
    first, last = f"{real[0][0]}", f"{real[-1][0]}"
    gap = room - len(first) - len(last)
    steps = first + " " * gap + last if gap > 0 else last.rjust(room)[:room]
    note = " (log)" if scale.log else ""
    return [cut(title, width - cells(note)) + note, *lines, " " * (side + 1) + steps]


def scale_of(values: Sequence[float]) -> Scale:
    """From the least to the greatest, by magnitudes where they span many."""
    low, high = min(values), max(values)
    return Scale(low, high, log=low > 0 and high / low > LOG_FROM)


def _braille(points: Sequence[tuple[int, float]], scale: Scale, width: int, height: int) -> list[str]:
    dots = _dots(points, scale, width * 2, height * 4)
    rows = [[0] * width for _ in range(height)]
    for across, down in dots:
        rows[down // 4][across // 2] |= BRAILLE[across % 2][down % 4]
    return ["".join(chr(FIRST_BRAILLE + bits) if bits else " " for bits in row) for row in rows]


def _plain(points: Sequence[tuple[int, float]], scale: Scale, width: int, height: int) -> list[str]:
    dots = _dots(points, scale, width, height * 2)
    return [
        "".join(PLAIN[((x, 2 * y) in dots) + 2 * ((x, 2 * y + 1) in dots)] for x in range(width))
        for y in range(height)
    ]


def _dots(points: Sequence[tuple[int, float]], scale: Scale, across: int, down: int) -> set[tuple[int, int]]:
    """The dots of the lines from point to point; the first row is the top."""
    start, end = points[0][0], points[-1][0]
    places = [
        (
            round((step - start) / (end - start) * (across - 1)) if end > start else 0,
            round((1 - scale.at(value)) * (down - 1)),
        )
        for step, value in points
    ]
    found = {places[0]}
    for (x, y), (to_x, to_y) in pairwise(places):
        length = max(abs(to_x - x), abs(to_y - y))
        for step in range(1, length + 1):
            found.add((x + round((to_x - x) * step / length), y + round((to_y - y) * step / length)))
    return {(x, y) for x, y in found if 0 <= x < across and 0 <= y < down}


def beside(left: Sequence[str], right: Sequence[str], width: int) -> list[str]:
    """Two plots next to each other, the left one in `width` columns."""
    more = max(len(left), len(right))
    rows = zip([*left, *[""] * (more - len(left))], [*right, *[""] * (more - len(right))], strict=True)
    return [f"{one}{' ' * (width - cells(one))}{other}".rstrip() for one, other in rows]
