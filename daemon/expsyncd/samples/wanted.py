"""From what changed in the inventory to the series that are to be rendered. Blocking: for a thread."""

from __future__ import annotations

import hashlib
import os
from collections import defaultdict
from dataclasses import dataclass, field, replace
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
    """A series as it is now. `source`: whose images; `out`: its animation; `why`: see Home and Parts.

    `made_of`: a digest of all contents of all frames.
    """

    key: SeriesKey
    source: str
    frames: tuple[Frame, ...]
    newest_ns: int
    out: Path
    why: str
    made_of: str = ""

    @property
    def worth_it(self) -> bool:
        """A single image of which no name says a moment is no series yet: its content is kept for one."""
        return len(self.frames) > 1 or self.frames[0].step is not None


@dataclass(frozen=True)
class Regrouped:
    """`series` of the homes that changed; `homes` are (host, source, run, source of the images).

    `whole`: sources of images all of whose homes were looked at. `known`: all sources that are there, if the
    whole mirror was looked at.
    """

    series: list[Wanted]
    homes: set[tuple[str, str, bytes, str]] = field(default_factory=set)
    whole: set[Address] = field(default_factory=set)
    known: frozenset[Address] | None = None


def regrouped(
    inventory: Inventory,
    change: Change,
    animations: Path,
    pattern_of: Callable[[str, str], re.Pattern[str] | None],
) -> Regrouped:
    """All series of every home in which an image changed."""
    found = Regrouped([], known=frozenset(inventory.addresses) if change.everything else None)
    for address, folders in change.folders.items():
        host, source = address
        homes = inventory.homes(address)
        before = inventory.placed.get(address, {})
        moved = [folder for folder in before.keys() | homes.keys() if before.get(folder) != homes.get(folder)]
        touched = {
            (home.source, home.run)
            for folder in {*moved, *folders}
            for home in (before.get(folder), homes.get(folder))
            if home is not None
        }
        inventory.placed[address] = homes
        found.homes.update((host, home_source, run, source) for home_source, run in touched)
        whole = address in change.whole
        if whole:
            found.whole.add(address)
        by_run: dict[tuple[str, bytes], dict[Home, set[bytes]]] = defaultdict(lambda: defaultdict(set))
        for folder, home in homes.items():
            by_run[home.source, home.run][home].add(folder)
        for (home_source, run), several in by_run.items():
            if not whole and (home_source, run) not in touched:
                continue
            its_folders = set[bytes]().union(*several.values())
            home = next(iter(several))
            if len(several) > 1:  # two folders go by the name of one run: told apart by their whole paths
                home = replace(home, base=b"")
            pattern = pattern_of(host, source)
            found.series.extend(_of_home(inventory, address, home, its_folders, animations, pattern))
    return found


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
        out = place / f"{stem}.gif"
        yield Wanted(key, source, series.frames, newest, out, why, made_of(series.frames))


def made_of(frames: Iterable[Frame]) -> str:
    """Another word for other contents, labels or order."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(repr((frame.order, frame.label)).encode())
        for one in frame.pictures:
            digest.update(b"%b %d %d %d\0" % (one.path, one.size, one.mtime_ns, one.offset))
    return digest.hexdigest()[:24]
