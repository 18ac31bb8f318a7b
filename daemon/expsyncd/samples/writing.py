"""What times of writing say of numbers in names: which rises, what is written together, what is not. Pure."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from expsyncd.samples.names import Slot

AT_ONCE = 0.5  # samples of one step are written within this share of the time between two steps
ALIKE = 0.8  # share of folders whose files have the same numbers


def rises(column: Sequence[Slot], mtimes_ns: Sequence[int]) -> bool:
    """Whether the number never falls as time goes on."""
    if len(set(mtimes_ns)) < 2:
        return False
    ordered = [value for _, value in sorted(zip(mtimes_ns, (slot.value for slot in column), strict=True))]
    return all(a <= b for a, b in pairwise(ordered))


def written_together(folders: Sequence[Slot], files: Sequence[Slot], mtimes_ns: Sequence[int]) -> bool:
    """Whether each folder holds the same numbers, written in a fraction of the time between two folders."""
    numbers: dict[int, set[int]] = defaultdict(set)
    for folder, file in zip(folders, files, strict=True):
        numbers[folder.value].add(file.value)
    usual = max(numbers.values(), key=len)
    if len(usual) < 2 or sum(found == usual for found in numbers.values()) < ALIKE * len(numbers):
        return False
    gap, span = _pace([folder.value for folder in folders], mtimes_ns)
    return gap > 0 and span < AT_ONCE * gap


def written_apart(groups: Sequence[Hashable], column: Sequence[Slot], mtimes_ns: Sequence[int]) -> bool:
    """Whether the numbers of each group follow each other over most of the time until the next group.

    Samples may be slow to make, too, but they are counted one by one; batches are shown every so many.
    """
    values: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for group, slot, mtime_ns in zip(groups, column, mtimes_ns, strict=True):
        values[group].append((mtime_ns, slot.value))
    several = [sorted(found) for found in values.values() if len(found) > 1]
    if len(values) < 2 or len(several) < len(values) / 2:
        return False
    for found in several:
        if any(b[1] - a[1] < 2 for a, b in pairwise(found)):
            return False
    gap, span = _pace(groups, mtimes_ns)
    return gap > 0 and span >= AT_ONCE * gap


def _pace(groups: Sequence[Hashable], mtimes_ns: Sequence[int]) -> tuple[float, float]:
    """The usual time between the beginnings of two groups, and from a group's first to its last."""
    times: dict[Hashable, list[int]] = defaultdict(list)
    for group, mtime_ns in zip(groups, mtimes_ns, strict=True):
        times[group].append(mtime_ns)
    starts = sorted(min(found) for found in times.values())
    gap = median(b - a for a, b in pairwise(starts)) if len(starts) > 1 else 0.0
    return gap, median(max(found) - min(found) for found in times.values())
