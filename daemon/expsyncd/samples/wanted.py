"""From what changed in the inventory to the series that are to be rendered. Blocking: for a thread."""

from __future__ import annotations

import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.samples.frame import Frame, SeriesKey
from expsyncd.samples.home import file_stem
from expsyncd.samples.series import series_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from expsyncd.samples.home import Home
    from expsyncd.samples.inventory import Address, Change, Inventory


TAG = b"tag://"  # before the name of an image tag of event files
FOREIGN = b"//"  # between the source of the images and the name, where the run is another source's


@dataclass(frozen=True)
class Wanted:
    """A series as it is now. `source`: whose images; `out`: its animation; `why`: see Home and Parts."""

    key: SeriesKey
    source: str
    frames: tuple[Frame, ...]
    newest_ns: int
    out: Path
    why: str

    @property
    def worth_it(self) -> bool:
        """A single image of which no name says a moment is no series yet: its content is kept for one."""
        return len(self.frames) > 1 or self.frames[0].step is not None


@dataclass(frozen=True)
class Regrouped:
    """`series` of the homes that changed; `homes` are (host, source, run, source of the images)."""

    series: list[Wanted]
    homes: set[tuple[str, str, bytes, str]]


def regrouped(
    inventory: Inventory,
    change: Change,
    animations: Path,
    pattern_of: Callable[[str, str], re.Pattern[str] | None],
) -> Regrouped:
    """All series of every home in which an image changed."""
    found: list[Wanted] = []
    homes: set[tuple[str, str, bytes, str]] = set()
    for address, folders in change.folders.items():
        host, source = address
        by_home: dict[Home, set[bytes]] = defaultdict(set)
        for folder, home in inventory.homes(address).items():
            by_home[home].add(folder)
        for home, its_folders in by_home.items():
            if its_folders & folders:
                homes.add((host, home.source, home.run, source))
                pattern = pattern_of(host, source)
                found += _of_home(inventory, address, home, its_folders, animations, pattern)
    return Regrouped(found, homes)


def _of_home(
    inventory: Inventory,
    address: Address,
    home: Home,
    folders: Iterable[bytes],
    animations: Path,
    pattern: re.Pattern[str] | None,
) -> Iterable[Wanted]:
    host, source = address
    foreign = os.fsencode(source) + FOREIGN if home.source != source else b""
    # A pattern of the person's is about paths in the source, whatever run they belong to.
    base = b"" if pattern is not None else home.base
    place = animations / host / home.source / os.fsdecode(home.run)
    taken: set[str] = set()
    for series in series_of(inventory.contents(address, folders, base), pattern):
        name = foreign + series.name
        stem = file_stem(name, taken)
        taken.add(stem)
        newest = max(picture.mtime_ns for frame in series.frames for picture in frame.pictures)
        why = "; ".join(word for word in (home.why, series.why) if word)
        key = SeriesKey(host, home.source, home.run, name)
        yield Wanted(key, source, series.frames, newest, place / f"{stem}.gif", why)
