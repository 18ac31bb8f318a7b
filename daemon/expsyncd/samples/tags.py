"""Tags: the images inside event files, found piece by piece, as series of their run."""

from __future__ import annotations

import os
from collections import defaultdict
from typing import TYPE_CHECKING

from expsyncd.samples.frame import Frame, Picture, SeriesKey
from expsyncd.samples.home import file_stem
from expsyncd.samples.wanted import TAG, Wanted, made_of
from expsyncd.state import tagged
from expsyncd.state.tagged import TaggedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from expsyncd.samples.darkroom import Darkroom
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.tagged import EventFile
    from expsyncd.state.thread import DatabaseThread

RunKey = tuple[str, str, bytes]  # host, source, run


class Tags:
    """`noticed` files that grew, `look` at one piece at a time."""

    def __init__(
        self, mirror: Path, darkroom: Darkroom, takes: Callable[[str, str, bytes], bool] | None = None
    ) -> None:
        """`takes` says whether the images of a file are wanted at all."""
        self._mirror = mirror
        self._takes = takes or (lambda *_: True)
        self._darkroom = darkroom
        self._upto: dict[tuple[str, str], dict[bytes, int]] = {}  # of a host's source
        self._of_run: dict[RunKey, list[TaggedRow]] = defaultdict(list)
        self._waiting: dict[EventFile, int] = {}
        self._died: set[EventFile] = set()
        self._damaged: dict[EventFile, int] = {}  # where the last damage begins
        self._anew: set[EventFile] = set()  # on the way from their beginning: what is no record is damage

    async def remember(self, thread: DatabaseThread, catalogue: Callable[[], Catalogue]) -> None:
        """What was found before this start."""
        self._upto = await thread.run(lambda: catalogue().read(tagged.all_scanned, {}))
        self._of_run.clear()
        self.take(await thread.run(lambda: catalogue().read(tagged.all_tagged, [])))

    def take(self, rows: Iterable[TaggedRow]) -> None:
        """These images are there."""
        for row in rows:
            self._of_run[row.host, row.source, _run(row.path)].append(row)

    def noticed(self, files: Iterable[tuple[str, str, bytes, int]]) -> list[EventFile]:
        """Event files with their sizes; those that are to be looked at."""
        grown: list[EventFile] = []
        for host, source, path, size in files:
            upto = self._upto.get((host, source), {})
            if size != upto.get(path):
                self._waiting[host, source, path] = size
                grown.append((host, source, path))
                self._died.discard((host, source, path))
            else:  # the path that the caller keeps, not one more of its own
                del upto[path]
                upto[path] = size
        return grown

    @property
    def waiting(self) -> bool:
        """Whether there is something to look at."""
        return bool(self._waiting)

    async def look(self, thread: DatabaseThread, catalogue: Callable[[], Catalogue]) -> RunKey | None:
        """Look through one more piece of one file; its run if that held images."""
        file, size = self._waiting.popitem()
        if not self._waiting:
            self._waiting = {}  # an emptied one keeps its room
        host, source, path = file
        upto = self._upto.get((host, source), {}).get(path, 0)
        if upto > size:
            upto = 0
            await self._forget(file, thread, catalogue)
        absolute = b"/".join((os.fsencode(self._mirror), os.fsencode(host), os.fsencode(source), path))
        over = self._damaged.get(file) == upto
        if upto == 0:
            self._anew.add(file)
        found = await self._darkroom.scan(absolute, upto, over=over)
        if found is None:
            # It may have been this computer: once more. A second death is the file's, until it changes.
            if file not in self._died:
                self._died.add(file)
                self._waiting[file] = size
            else:
                self._anew.discard(file)
            return None
        self._died.discard(file)
        reached = int(found["scanned"])
        if found["broken"] and reached == upto > 0 and not over and file not in self._anew:
            # What was there before is not what is there now: once more from its beginning.
            await self._forget(file, thread, catalogue)
            self._waiting[file] = size
            return None
        rows = [TaggedRow(*file, *words) for words in found["found"]]
        if found["broken"]:
            if self._damaged.get(file) != reached:  # read from where a record began: on behind it
                self._damaged[file] = reached
                self._waiting[file] = size
        elif upto < reached < size:
            self._waiting[file] = size
        if file not in self._waiting:
            self._anew.discard(file)
        self._upto.setdefault((host, source), {})[path] = reached
        self.take(rows)
        await thread.run(lambda: catalogue().write(lambda db: tagged.put_scanned(db, file, reached, rows)))
        return (host, source, _run(path)) if rows else None

    async def _forget(
        self, file: EventFile, thread: DatabaseThread, catalogue: Callable[[], Catalogue]
    ) -> None:
        host, source, path = file
        self._upto.get((host, source), {}).pop(path, None)
        self._damaged.pop(file, None)
        rows = self._of_run[host, source, _run(path)]
        rows[:] = [row for row in rows if row.path != path]
        await thread.run(lambda: catalogue().write(lambda db: tagged.drop_scanned(db, file)))

    @property
    def runs(self) -> list[RunKey]:
        """Those whose event files hold images."""
        return [run for run, rows in self._of_run.items() if rows]

    def series(self, run: RunKey, animations: Path) -> list[Wanted]:
        """One series for each image tag of a run."""
        host, source, folder = run
        top = b"/".join((os.fsencode(self._mirror), os.fsencode(host), os.fsencode(source)))
        by_tag: dict[str, list[TaggedRow]] = defaultdict(list)
        for row in self._of_run[run]:
            if self._takes(row.host, row.source, row.path):
                by_tag[row.tag].append(row)
        found: list[Wanted] = []
        taken: set[str] = set()
        for tag, rows in sorted(by_tag.items()):
            name = TAG + tag.encode("utf-8", "replace")
            stem = file_stem(b"tag/" + name.removeprefix(TAG), taken)
            taken.add(stem)
            frames = tuple(_frame(top, row) for row in sorted(rows, key=lambda row: (row.step, row.wall)))
            newest = max(int(row.wall * 1e9) for row in rows)
            out = animations / host / source / os.fsdecode(folder) / f"{stem}.gif"
            key = SeriesKey(host, source, folder, name)
            why = "an image tag of its event files"
            found.append(Wanted(key, source, frames, newest, out, why, made_of(frames)))
        return found


def _frame(top: bytes, row: TaggedRow) -> Frame:
    moment = int(row.wall * 1e9)
    pictures = tuple(
        Picture(top + b"/" + row.path, row.length, moment, index, row.tag, row.at)
        for index in range(row.pictures)
    )
    return Frame((row.step, moment), f"step {row.step}", pictures, row.step)


def _run(path: bytes) -> bytes:
    return path.rpartition(b"/")[0]
