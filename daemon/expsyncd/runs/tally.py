"""What is kept of one scalar tag, and how new points join it. Pure.

As TensorBoard shows it: a point supersedes those of the same or a later step, so that a resumed run, which
writes some steps again, is one line. A point at or before the very first step begins the tag anew. Whatever
pieces the points come in, the same is kept of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.state.measured import Point

CURVE_MOST = 512


@dataclass(frozen=True)
class Tally:
    """A tag since it last began from its beginning.

    `points`, `least` and `greatest` are over all points, also those that were written again since. `furthest`
    is the highest step there ever was. `curve` has the first point of each stretch of steps, and the last.
    """

    points: int
    first: Point
    last: Point
    least: Point | None
    greatest: Point | None
    furthest: int
    curve: tuple[Point, ...]


@dataclass(frozen=True)
class News:
    """New points of a tag as a Tally; `anew`: nothing before them counts; `lowest`: their lowest step."""

    tally: Tally
    anew: bool
    lowest: int


def joined(before: Tally | None, news: News) -> Tally:
    """The tag with its new points."""
    new = news.tally
    if before is None or news.anew:
        return new
    furthest = max(before.furthest, new.furthest)
    kept = (point for point in before.curve if point[0] < news.lowest)
    return Tally(
        points=before.points + new.points,
        first=before.first,
        last=new.last,
        least=_lesser(before.least, new.least),
        greatest=_greater(before.greatest, new.greatest),
        furthest=furthest,
        curve=thinned([*kept, *new.curve], stretch_bits(before.first[0], furthest)),
    )


def stretch_bits(lowest: int, furthest: int) -> int:
    """Stretches are 2 to this power steps long: the shortest with which a curve stays within its limit."""
    # One stretch may be cut at each end, and the last point is kept beside the first of its stretch.
    return max(0, ((furthest - lowest) // (CURVE_MOST - 3)).bit_length())


def thinned(points: Iterable[Point], bits: int) -> tuple[Point, ...]:
    """The first point of each stretch, and the last of all; `points` in the order of their steps."""
    kept: list[Point] = []
    stretch: int | None = None
    point: Point | None = None
    for point in points:
        if point[0] >> bits != stretch:
            stretch = point[0] >> bits
            kept.append(point)
    if point is not None and kept[-1] is not point:
        kept.append(point)
    return tuple(kept)


def _lesser(one: Point | None, other: Point | None) -> Point | None:
    if one is None or other is None:
        return one or other
    return other if other[2] < one[2] else one


def _greater(one: Point | None, other: Point | None) -> Point | None:
    if one is None or other is None:
        return one or other
    return other if other[2] > one[2] else one
