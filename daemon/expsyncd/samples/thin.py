"""Which frames of many are shown: evenly over the steps, the first and the last always. Pure.

The choice is stable: a further frame adds itself and, once in a while, halves the others, so that frames
which were rendered before are the ones that are shown.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median_low
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.samples.frame import Frame


def thinned(frames: Sequence[Frame], cap: int, *, coarser: int = 0) -> list[int]:
    """The positions of at most `cap` (at least 2) frames. `coarser`: how often to halve beyond that."""
    cap = max(2, cap)
    places = _places(frames)
    power = 0
    while True:
        chosen = _first_of_each(places, 1 << power)
        if len(chosen) <= cap:
            break
        power += 1
    if coarser:
        chosen = _first_of_each(places, 1 << (power + coarser))
    return chosen


def _places(frames: Sequence[Frame]) -> list[int]:
    """Where each frame stands, in units of the usual distance between two."""
    steps = [frame.step for frame in frames if frame.step is not None]
    pairs = list(pairwise(steps))
    if len(steps) < len(frames) or not pairs or any(b < a for a, b in pairs):
        return list(range(len(frames)))
    distances = [b - a for a, b in pairs if b > a]
    if len(distances) < len(pairs):  # several contents of one step
        return list(range(len(frames)))
    unit = median_low(distances)
    return [(step - steps[0]) // unit for step in steps]


def _first_of_each(places: Sequence[int], stride: int) -> list[int]:
    chosen: list[int] = []
    bucket = -1
    for position, place in enumerate(places):
        if stride == 1 or place // stride > bucket:
            bucket = place // stride
            chosen.append(position)
    last = len(places) - 1
    if chosen and chosen[-1] != last:
        chosen.append(last)
    return chosen
