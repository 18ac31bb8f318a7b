"""Whether a run was resumed: a later part of its points begins at earlier steps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.state.measured import Point

APART_S = 1.0  # points of one process may be written a little out of order


@dataclass(frozen=True)
class Resumed:
    """At wall time `at` it went on from `step`, after it had been at `reached`."""

    step: int
    reached: int
    at: float


def resumed(points: Sequence[Point]) -> list[Resumed]:
    """Each time the steps went back while time went on; the first one first.

    `points` in any order: a curve is kept by steps, so the order of writing is that of wall times.
    """
    found: list[Resumed] = []
    reached: Point | None = None
    for point in sorted(points, key=lambda point: (point[1], point[0])):
        if reached is not None and point[0] < reached[0] and point[1] > reached[1] + APART_S:
            found.append(Resumed(point[0], reached[0], point[1]))
            reached = point
        elif reached is None or point[0] >= reached[0]:
            reached = point
    return found
