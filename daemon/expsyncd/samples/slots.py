"""Which slot of a group of names is the step, which the sample; what names leave open, the files decide.

Pure. A group is all names of one shape: they differ in their numbers only.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expsyncd.samples.names import Name, Slot

Part = Literal["epoch", "step", "batch", "n", "i", "time", "id"]

MOMENTS: tuple[Part, ...] = ("epoch", "step", "batch", "n")
AT_ONCE = 0.5  # samples of one step are written within this share of the time between two steps
ALIKE = 0.8  # share of folders whose files have the same numbers


@dataclass(frozen=True)
class Parts:
    """`of`: the slots (by position) that are more than text. `why`: what decided, where names did not."""

    of: Mapping[int, Part]
    why: str = ""


def decide(names: Sequence[Name], mtimes_ns: Sequence[int], contents: int | None = None) -> Parts:
    """The parts of a group. `contents`: how many different contents its names have had in all."""
    columns = {
        at: [name.slots[at] for name in names]
        for at, slot in enumerate(names[0].slots)
        if slot.kind != "text"
    }
    parts: dict[int, Part] = {}
    _sure(columns, parts)
    why = ""
    if not any(part in ("epoch", "step") for part in parts.values()):
        why = _open(columns, parts, mtimes_ns)
    _samples(columns, parts)
    if contents is not None and contents >= 2 * len(names) and list(parts.values()).count("n") == 1:
        # The same names are written again and again: their number tells samples apart, not moments.
        at = next(at for at, part in parts.items() if part == "n")
        if not any(part in ("epoch", "step", "batch", "i") for part in parts.values()):
            parts[at] = "i"
            why = "each of its names is overwritten, so the number is the sample's"
    _clocks(columns, parts)
    return Parts(parts, why)


def _sure(columns: Mapping[int, Sequence[Slot]], parts: dict[int, Part]) -> None:
    """Labelled numbers; of two with one label the nearest to the file's end."""
    for kind in ("epoch", "step", "batch"):
        at = [n for n, column in columns.items() if column[0].kind == kind]
        varying = [n for n in at if _varies(columns[n])]
        for found in (varying or at)[-1:]:
            parts[found] = kind


def _open(columns: Mapping[int, Sequence[Slot]], parts: dict[int, Part], mtimes_ns: Sequence[int]) -> str:
    """No label says which number is the moment: the widest of the file's name, rightmost on ties."""
    in_file = [
        n for n, column in columns.items() if column[0].where == 0 and column[0].kind in ("plain", "index")
    ]
    if _clock_before(columns, in_file):
        in_file = [n for n in in_file if n < _first_clock(columns)] or in_file
    if not in_file:
        in_file = [n for n, column in columns.items() if column[0].where == 0 and column[0].kind == "glued"]
    moving = [n for n in in_file if _varies(columns[n])] or in_file
    folders = [n for n, column in columns.items() if column[0].kind == "folder"]
    folder = next((n for n in reversed(folders) if _varies(columns[n])), None)
    if "batch" in parts.values():
        batch = next(n for n, part in parts.items() if part == "batch")
        moving = [n for n in moving if n < batch]
        folder = None
    if folder is not None and (
        not moving or _written_together(columns[folder], columns[moving[-1]], mtimes_ns)
    ):
        parts[folder] = "n"
        return "the folders' number: the files of each are written together" if moving else ""
    if not moving:
        return ""
    chosen = max(moving, key=lambda n: (max(len(slot.text) for slot in columns[n]), n))
    why = ""
    if len(moving) > 1:
        rising = [n for n in moving if _rises(columns[n], mtimes_ns)]
        if len(rising) == 1 and rising[0] != chosen:
            chosen = rising[0]
            why = "the number that rises with the time of writing"
    parts[chosen] = "n"
    return why


def _samples(columns: Mapping[int, Sequence[Slot]], parts: dict[int, Part]) -> None:
    """A number after the moment is the sample's; before it only when a word says so."""
    moments = [n for n, part in parts.items() if part in MOMENTS]
    if not moments:
        return
    last = max(moments)
    clock = _first_clock(columns)
    for n, column in columns.items():
        kind = column[0].kind
        if n in parts or column[0].where > 0 or kind not in ("plain", "index", "glued"):
            continue
        if clock < n and kind != "index":
            parts[n] = "id"  # what follows a clock tells files apart and nothing else
        elif kind == "index" or (n > last and kind == "plain"):
            parts[n] = "i"


def _clocks(columns: Mapping[int, Sequence[Slot]], parts: dict[int, Part]) -> None:
    timeless = not any(part in MOMENTS for part in parts.values())
    for n, column in columns.items():
        if column[0].kind == "time":
            parts[n] = "time" if timeless else "id"
        elif column[0].kind == "id":
            parts[n] = "id"


def _varies(column: Sequence[Slot]) -> bool:
    return any(slot.value != column[0].value for slot in column)


def _first_clock(columns: Mapping[int, Sequence[Slot]]) -> int:
    return next((n for n, column in columns.items() if column[0].kind == "time"), 1 << 30)


def _clock_before(columns: Mapping[int, Sequence[Slot]], these: Sequence[int]) -> bool:
    return any(n > _first_clock(columns) for n in these)


def _rises(column: Sequence[Slot], mtimes_ns: Sequence[int]) -> bool:
    """Whether the number never falls as time goes on."""
    if len(set(mtimes_ns)) < 2:
        return False
    ordered = [value for _, value in sorted(zip(mtimes_ns, (slot.value for slot in column), strict=True))]
    return all(a <= b for a, b in pairwise(ordered))


def _written_together(folders: Sequence[Slot], files: Sequence[Slot], mtimes_ns: Sequence[int]) -> bool:
    """Whether each folder holds the same numbers, written in a fraction of the time between two folders."""
    numbers: dict[int, set[int]] = {}
    times: dict[int, list[int]] = {}
    for folder, file, mtime_ns in zip(folders, files, mtimes_ns, strict=True):
        numbers.setdefault(folder.value, set()).add(file.value)
        times.setdefault(folder.value, []).append(mtime_ns)
    usual = max(numbers.values(), key=len)
    if len(usual) < 2 or sum(found == usual for found in numbers.values()) < ALIKE * len(numbers):
        return False
    starts = sorted(min(found) for found in times.values())
    gap = median(b - a for a, b in pairwise(starts))
    span = median(max(found) - min(found) for found in times.values())
    return gap > 0 and span < AT_ONCE * gap
