"""Which slot of a group of names is the step, which the sample; what names leave open, the files decide.

Pure. A group is all names of one shape: they differ in their numbers only.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expsyncd.samples.writing import rises, written_apart, written_together

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expsyncd.samples.names import Name, Slot

Part = Literal["epoch", "step", "batch", "n", "i", "time", "id"]
Columns = dict[int, list["Slot"]]

MOMENTS: tuple[Part, ...] = ("epoch", "step", "batch", "n")
LONG_GLUED = 5  # digits: fakes000500_2, but cifar10_2


@dataclass(frozen=True)
class Parts:
    """`of`: the slots (by position) that are more than text. `why`: what decided, where names did not.

    `apart`: slots by which the group falls into several; each is to be decided by itself.
    """

    of: Mapping[int, Part]
    why: str = ""
    apart: tuple[int, ...] = ()


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
    why = _samples(columns, parts, mtimes_ns) or why
    if contents is not None and contents >= 2 * len(names) and list(parts.values()).count("n") == 1:
        # The same names are written again and again: their number tells samples apart, not moments.
        at = next(at for at, part in parts.items() if part == "n")
        if not any(part in ("epoch", "step", "batch", "i") for part in parts.values()):
            parts[at] = "i"
            why = "each of its names is overwritten, so the number is the sample's"
    _clocks(columns, parts)
    apart = _in_the_way(columns, parts)
    for at, column in columns.items():
        if column[0].kind == "loose" and at not in apart and varies(column):
            parts[at] = "id"
    return Parts(parts, why, apart)


def varies(column: Sequence[Slot]) -> bool:
    """Whether not all have the same there."""
    return any(slot.text != column[0].text for slot in column)


def _sure(columns: Columns, parts: dict[int, Part]) -> None:
    """Labelled numbers; of two with one label the nearest to the file's end."""
    for kind in ("epoch", "step", "batch"):
        at = [n for n, column in columns.items() if column[0].kind == kind]
        varying = [n for n in at if varies(columns[n])]
        for found in (varying or at)[-1:]:
            parts[found] = kind


def _open(columns: Columns, parts: dict[int, Part], mtimes_ns: Sequence[int]) -> str:
    """No label says which number is the moment: the widest of the file's name, rightmost on ties."""
    in_file = _candidates(columns)
    if any(n > _first_clock(columns) for n in in_file):
        in_file = [n for n in in_file if n < _first_clock(columns)] or in_file
    moving = [n for n in in_file if varies(columns[n])]
    folders = [n for n, column in columns.items() if column[0].kind == "folder"]
    folder = next((n for n in reversed(folders) if varies(columns[n])), None)
    if "batch" in parts.values():
        batch = next(n for n, part in parts.items() if part == "batch")
        moving = [n for n in moving or in_file if n < batch]
        in_file, folder = moving, None
    if folder is not None and (
        not moving or written_together(columns[folder], columns[moving[-1]], mtimes_ns)
    ):
        parts[folder] = "n"
        return "the folders' number: the files of each are written together" if moving else ""
    moving = moving or in_file
    if not moving:
        return ""
    chosen = max(moving, key=lambda n: (max(len(slot.text) for slot in columns[n]), n))
    why = ""
    if len(moving) > 1:
        rising = [n for n in moving if rises(columns[n], mtimes_ns)]
        if len(rising) == 1 and rising[0] != chosen:
            chosen = rising[0]
            why = "the number that rises with the time of writing"
    parts[chosen] = "n"
    return why


def _candidates(columns: Columns) -> list[int]:
    """Numbers of the file's name that may be the moment: free ones; glued ones where they look like it."""
    mine = {n: column for n, column in columns.items() if column[0].where == 0}
    free = [n for n, column in mine.items() if column[0].kind in ("plain", "index")]
    glued = [n for n, column in mine.items() if column[0].kind == "glued"]
    if free:
        return sorted(free + [n for n in glued if varies(mine[n]) or _like_a_step(mine[n][0].text)])
    return glued or [n for n, column in mine.items() if column[0].kind == "weak"]


def _like_a_step(text: bytes) -> bool:
    return len(text) >= LONG_GLUED or (len(text) > 2 and text.startswith(b"0"))


def _samples(columns: Columns, parts: dict[int, Part], mtimes_ns: Sequence[int]) -> str:
    """A number after the moment is the sample's; before it only when a word says so."""
    moments = [n for n, part in parts.items() if part in MOMENTS]
    if not moments:
        return ""
    last = max(moments)
    clock = _first_clock(columns)
    found = []
    for n, column in columns.items():
        kind = column[0].kind
        if n in parts or column[0].where > 0 or kind not in ("plain", "index", "glued"):
            continue
        if last < clock < n and kind != "index":
            parts[n] = "id"  # what follows a clock tells files apart and nothing else
        elif kind == "index" or (n > last and kind == "plain"):
            parts[n] = "i"
            found.append(n)
    if len(found) == 1 and columns[found[0]][0].kind == "plain" and "batch" not in parts.values():
        groups = [tuple(columns[n][row].value for n in moments) for row in range(len(mtimes_ns))]
        if written_apart(groups, columns[found[0]], mtimes_ns):
            parts[found[0]] = "batch"
            return "its last number is no sample's: they are written one long after the other"
    return ""


def _clocks(columns: Columns, parts: dict[int, Part]) -> None:
    timeless = not any(part in MOMENTS for part in parts.values())
    for n, column in columns.items():
        if column[0].kind == "time":
            parts[n] = "time" if timeless else "id"
        elif column[0].kind == "id":
            parts[n] = "id"


def _in_the_way(columns: Columns, parts: Mapping[int, Part]) -> tuple[int, ...]:
    """Settings, and clocks and ids of folders, that must part series: else two had the same moment."""
    able = [
        n
        for n, column in columns.items()
        if (column[0].kind == "loose" or (parts.get(n) == "id" and column[0].where > 0)) and varies(column)
    ]
    if not able:
        return ()
    said = [n for n in columns if n not in able and parts.get(n) != "id"]
    apart: list[int] = []
    rows = range(len(next(iter(columns.values()))))
    while True:
        seen: dict[tuple[bytes, ...], set[tuple[bytes, ...]]] = defaultdict(set)
        for row in rows:
            key = tuple(columns[n][row].text for n in (*said, *apart))
            seen[key].add(tuple(columns[n][row].text for n in able))
        clashes = [kinds for kinds in seen.values() if len(kinds) > 1]
        if not clashes:
            return tuple(apart)
        # The first in the path that differs where they clash.
        place = min(
            at
            for kinds in clashes
            for at in range(len(able))
            if len({kind[at] for kind in kinds}) > 1 and able[at] not in apart
        )
        apart.append(able[place])


def _first_clock(columns: Columns) -> int:
    return next((n for n, column in columns.items() if column[0].kind == "time"), 1 << 30)
