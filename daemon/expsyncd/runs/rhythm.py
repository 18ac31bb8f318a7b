"""How often something is written: what is usual, and what pauses there were. Pure.

Gaps between writings are counted by their order of magnitude, so that this costs the same for any number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SHORTEST, LONGEST = -6, 24  # powers of two in seconds: 16 ms to half a year
AT_ONCE = -4  # what is written within a sixteenth of a second belongs to one step
# What happened once or twice is an accident: a night between a crash and the resumption is no habit.
HABIT = 3

Gaps = dict[int, tuple[int, float]]  # power of two -> how many gaps, their seconds together


def power_of(gap_s: float) -> int:
    """In which order of magnitude a gap is; it is positive."""
    return min(max(math.frexp(gap_s)[1] - 1, SHORTEST), LONGEST)


def together(parts: Iterable[Mapping[int, tuple[int, float]]]) -> Gaps:
    """The gaps of several files."""
    found: Gaps = {}
    for part in parts:
        for power, (count, seconds) in part.items():
            before = found.get(power, (0, 0.0))
            found[power] = (before[0] + count, before[1] + seconds)
    return found


def usual_s(gaps: Gaps) -> float | None:
    """The gap in the middle of all; None while there were none."""
    counted = {power: gap for power, gap in gaps.items() if power >= AT_ONCE} or gaps
    half = sum(count for count, _ in counted.values()) / 2
    for power in sorted(counted):
        count, seconds = counted[power]
        half -= count
        if half <= 0:
            return seconds / count
    return None


def pause_s(gaps: Gaps) -> float | None:
    """The longest gap that was there a few times, such as the evaluation after each epoch."""
    seen = 0
    for power in sorted(gaps, reverse=True):
        count, seconds = gaps[power]
        seen += count
        if seen >= HABIT:
            return seconds / count
    return None
