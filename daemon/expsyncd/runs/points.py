"""From arrays of new points to what is kept of them. For the child: numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from expsyncd.runs.tally import News, Tally, stretch_bits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from expsyncd.state.measured import Point

    Steps = NDArray[np.int64]
    Numbers = NDArray[np.float64]


def news_of(steps: Steps, walls: Numbers, values: Numbers, first_step: int | None) -> News:
    """At least one point, in the order written; `first_step`: where the tag began, None for a new one."""
    lowest = int(steps.min())
    anew = first_step is None or lowest <= first_step
    if anew:
        begin = int(np.flatnonzero(steps == lowest)[-1])
        steps, walls, values = steps[begin:], walls[begin:], values[begin:]

    def point(index: int) -> Point:
        return int(steps[index]), float(walls[index]), float(values[index])

    least = greatest = None
    numbers = np.flatnonzero(~np.isnan(values))
    if len(numbers):
        least = point(int(numbers[np.argmin(values[numbers])]))
        greatest = point(int(numbers[np.argmax(values[numbers])]))
    furthest = int(steps.max())
    first_of_all = lowest if anew or first_step is None else min(lowest, first_step)
    curve = tuple(point(index) for index in _chosen(steps, stretch_bits(first_of_all, furthest)))
    tally = Tally(len(steps), point(0), point(-1), least, greatest, furthest, curve)
    return News(tally, anew, lowest)


def _chosen(steps: Steps, bits: int) -> list[int]:
    """As `tally.thinned`, of those points that no later one supersedes."""
    later = np.minimum.accumulate(steps[::-1])[::-1]
    stays = np.append(steps[:-1] < later[1:], True)
    places = np.flatnonzero(stays)
    stretches = steps[places] >> bits
    chosen = [int(index) for index in places[np.append(True, stretches[1:] != stretches[:-1])]]
    return chosen if chosen[-1] == len(steps) - 1 else [*chosen, len(steps) - 1]
