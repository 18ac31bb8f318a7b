"""Inventory: which sample images the mirror holds, by source and run, from scans and from single looks.

The scan is the truth; single looks only make it quick. Blocking: for a thread.
"""

from __future__ import annotations

import os
import stat
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.mirror.batch import UNFINISHED_FOLDERS, is_temporary
from expsyncd.mirror.scan import changed_ns, is_called, is_event_file_name
from expsyncd.samples.home import homes
from expsyncd.samples.series import Content

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from expsyncd.samples.home import Home

SUFFIXES = (b".png", b".jpg", b".jpeg", b".webp", b".bmp", b".tif", b".tiff", b".gif", b".npy", b".npz")
OVERWRITTEN_MOST = 2000  # contents of one name
Address = tuple[str, str]  # host, source
Overwritten = tuple[str, str, bytes, int, int]  # host, source, path, size, mtime_ns


@dataclass
class _Source:
    images: dict[bytes, tuple[int, int]] = field(default_factory=dict)  # inside to size, mtime_ns
    # A set of twenty thousand takes 2 MB, this a quarter.
    runs: dict[bytes, None] = field(default_factory=dict)
    before: dict[bytes, list[tuple[int, int]]] = field(default_factory=lambda: defaultdict(list))
    events: dict[bytes, int] = field(default_factory=dict)  # event files to their size


@dataclass
class Change:
    """What a look found: folders with changed images by source, and contents that were overwritten."""

    folders: dict[Address, set[bytes]] = field(default_factory=lambda: defaultdict(set))
    overwritten: list[tuple[str, str, bytes, int, int]] = field(default_factory=list)
    looked_anew: list[tuple[str, str, bytes, tuple[int, int] | None]] = field(default_factory=list)
    events: list[tuple[str, str, bytes, int]] = field(default_factory=list)  # event files with another size
    everything: bool = False
    whole: set[Address] = field(default_factory=set)  # sources all of whose series are to be told


class Inventory:
    """`takes` says whether a path inside a source is a sample at all."""

    def __init__(self, mirror: Path, takes: Callable[[str, str, bytes], bool]) -> None:
        self._mirror = os.fsencode(mirror)
        self._takes = takes
        self._sources: dict[Address, _Source] = {}
        self.placed: dict[Address, dict[bytes, Home]] = {}
        """Of each folder, the home that it was last told to have."""
        self._refused: set[tuple[Address, bytes, tuple[int, int]]] = set()

    def remember(self, rows: Sequence[Overwritten]) -> list[Overwritten]:
        """Contents that were overwritten before this start; those that are known beside them.

        Event files are told anew.
        """
        noted, beside = set(rows), list[Overwritten]()
        for address, known in self._sources.items():
            known.events.clear()
            every = [(*address, path, *one) for path, several in known.before.items() for one in several]
            beside += [one for one in every if one not in noted]
            noted.difference_update(every)
        for host, source, path, size, mtime_ns in rows:
            if (host, source, path, size, mtime_ns) in noted:
                self._sources.setdefault((host, source), _Source()).before[path].append((size, mtime_ns))
        return beside

    def rescan(self, change: Change | None = None, *, whole: bool = False) -> Change:
        """Look at everything. `change`: what was found just before, which stays in what is told.

        `whole`: have all series told, changed or not.
        """
        change = change or Change()
        change.everything = True
        seen: set[Address] = set()
        for host in _folders(self._mirror):
            for source in _folders(self._mirror + b"/" + host):
                address = (os.fsdecode(host), os.fsdecode(source))
                seen.add(address)
                known = self._sources.setdefault(address, _Source())
                images, runs = self._walk(address, b"", change)
                if runs != known.runs:
                    known.runs = runs
                    self._other_runs(address, change)
                    change.folders[address].update(_parents(images))
                for inside in known.images.keys() - images.keys():
                    self._left(address, inside, change)
                for inside, now in images.items():
                    self._note(address, inside, now, change)
        for address in self._sources.keys() - seen:
            for inside in list(self._sources[address].images):
                self._left(address, inside, change)
            del self._sources[address]
        if whole:
            for address in seen:
                change.whole.add(address)
                change.folders[address].update(())
        return change

    def look(self, paths: Iterable[bytes]) -> Change:
        """Look at single absolute paths; a folder stands for all below it."""
        change = Change()
        for path in paths:
            parts = path.removeprefix(self._mirror + b"/").split(b"/", 2)
            if len(parts) < 3 or not path.startswith(self._mirror + b"/"):
                if os.path.isdir(path):
                    return self.rescan(change)
                continue
            if not (is_called(parts[0]) and is_called(parts[1])):
                continue
            address, inside = (os.fsdecode(parts[0]), os.fsdecode(parts[1])), parts[2]
            known = self._sources.setdefault(address, _Source())
            try:
                found = os.lstat(path)
            except OSError:
                if inside in known.images:
                    self._left(address, inside, change)
                continue
            if stat.S_ISDIR(found.st_mode):
                images, runs = self._walk(address, inside, change)
                if not runs.keys() <= known.runs.keys():
                    known.runs |= runs
                    self._other_runs(address, change)
                for name, now in images.items():
                    self._note(address, name, now, change)
            elif self._is_image(address, inside):  # a link or a pipe, too: it is told that it is not shown
                self._note(address, inside, (found.st_size, changed_ns(found)), change)
            elif is_event_file_name(inside.rpartition(b"/")[2]):
                self._note_events(address, inside, found.st_size, change)
                if _parent(inside) not in known.runs:
                    known.runs[_parent(inside)] = None
                    self._other_runs(address, change)
        return change

    def _other_runs(self, address: Address, change: Change) -> None:
        """Images of this source and of its siblings may belong to another run now."""
        for other, known in self._sources.items():
            if other[0] == address[0] and known.images:
                change.folders[other].update(_parents(known.images))

    def homes(self, address: Address) -> dict[bytes, Home]:
        """For each folder with images of a source, the run that its animations belong to."""
        host, source = address
        others: dict[bytes, list[tuple[str, bytes]]] = defaultdict(list)
        for (other_host, other), known in self._sources.items():
            if other_host == host and other != source:
                for run in known.runs:
                    others[run.rpartition(b"/")[2] or os.fsencode(other)].append((other, run))
        known = self._sources.get(address, _Source())
        return homes(source, _parents(known.images), known.runs.keys(), others)

    def contents(self, address: Address, folders: Iterable[bytes], base: bytes) -> list[Content]:
        """The images of these folders, what was overwritten among them; named from `base` on."""
        top = b"/".join((self._mirror, *map(os.fsencode, address)))
        wanted = set(folders)
        known = self._sources.get(address, _Source())
        found = []
        for inside, now in known.images.items():
            if _parent(inside) not in wanted:
                continue
            name = inside[len(base) + 1 :] if base else inside
            for size, mtime_ns in (*known.before.get(inside, ()), now):
                found.append(Content(name, top + b"/" + inside, size, mtime_ns))
        return found

    @property
    def addresses(self) -> list[Address]:
        """All sources that were seen."""
        return list(self._sources)

    def _note(self, address: Address, inside: bytes, now: tuple[int, int], change: Change) -> None:
        known = self._sources[address]
        before = known.images.get(inside)
        if before == now:
            return
        known.images[inside] = now
        change.folders[address].add(_parent(inside))
        change.looked_anew.append((*address, inside, now))
        refused = before is not None and (address, inside, before) in self._refused
        if refused:
            self._refused.discard((address, inside, before))
        elif before is not None and before[0] and before not in known.before[inside]:
            known.before[inside].append(before)
            del known.before[inside][:-OVERWRITTEN_MOST]
            change.overwritten.append((*address, inside, *before))

    def _left(self, address: Address, inside: bytes, change: Change) -> None:
        del self._sources[address].images[inside]
        change.folders[address].add(_parent(inside))
        change.looked_anew.append((*address, inside, None))

    def _note_events(self, address: Address, inside: bytes, size: int, change: Change) -> None:
        known = self._sources[address].events
        if known.get(inside) != size and self._takes(*address, inside):
            known[inside] = size
            change.events.append((*address, inside, size))

    def forget(self, address: Address, inside: bytes, content: tuple[int, int]) -> None:
        """A content that cannot be shown is no frame once it is overwritten."""
        before = self._sources[address].before.get(inside, [])
        with suppress(ValueError):
            before.remove(content)

    def refuse(self, address: Address, inside: bytes, content: tuple[int, int]) -> None:
        """A content that cannot be shown: no frame when it is overwritten."""
        self._refused.add((address, inside, content))

    def is_current(self, address: Address, inside: bytes, content: tuple[int, int]) -> bool:
        """Whether the file has this content (size, mtime_ns) now."""
        known = self._sources.get(address)
        return known is not None and (known.images.get(inside) == content or inside in known.events)

    def holds(self, address: Address, inside: bytes) -> bool:
        """Whether there is such an image or event file."""
        known = self._sources.get(address)
        return known is not None and (inside in known.images or inside in known.events)

    def _is_image(self, address: Address, inside: bytes) -> bool:
        name = inside.rpartition(b"/")[2]
        return (
            name.lower().endswith(SUFFIXES)
            and not is_temporary(name)
            and not UNFINISHED_FOLDERS.intersection(inside.split(b"/"))
            and self._takes(*address, inside)
        )

    def _walk(
        self, address: Address, below: bytes, change: Change
    ) -> tuple[dict[bytes, tuple[int, int]], dict[bytes, None]]:
        """Images and runs at or below a folder. Event files are noted one by one, not held twice."""
        top = b"/".join((self._mirror, *map(os.fsencode, address)))
        images: dict[bytes, tuple[int, int]] = {}
        runs: dict[bytes, None] = {}
        waiting = [below]
        while waiting:
            folder = waiting.pop()
            with suppress(OSError), os.scandir(top + b"/" + folder if folder else top) as entries:
                for entry in entries:
                    inside = folder + b"/" + entry.name if folder else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if entry.name not in UNFINISHED_FOLDERS:
                            waiting.append(inside)
                    elif is_event_file_name(entry.name):
                        with suppress(OSError):
                            if entry.is_file(follow_symlinks=False):
                                size = entry.stat(follow_symlinks=False).st_size
                                self._note_events(address, inside, size, change)
                                runs[folder] = None
                    elif self._is_image(address, inside):
                        with suppress(OSError):
                            found = entry.stat(follow_symlinks=False)
                            images[inside] = (found.st_size, changed_ns(found))
        return images, runs


def _parent(inside: bytes) -> bytes:
    return inside.rpartition(b"/")[0]


def _parents(insides: Iterable[bytes]) -> set[bytes]:
    return {_parent(inside) for inside in insides}


def _folders(folder: bytes) -> list[bytes]:
    found: list[bytes] = []
    with suppress(OSError), os.scandir(folder) as entries:
        found = [e.name for e in entries if e.is_dir(follow_symlinks=False) and is_called(e.name)]
    return sorted(found)
