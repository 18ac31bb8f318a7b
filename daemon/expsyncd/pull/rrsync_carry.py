"""Carrying by rsync alone, where a key is limited to rrsync: no command can digest what is there.

Whether a file merely grew is told by bringing its end: rsync appends to a copy here that is a hole up to
64 kB before our length, so that those bytes and the new ones come and nothing else. Where they agree with
ours the new bytes are appended; no rsync ever writes into a file that is kept.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from expsyncd.pull import command, seconds, tails
from expsyncd.pull.carry import SIZE_SLACK, RsyncCarrier
from expsyncd.pull.place import writing
from expsyncd.pull.pour import TAIL
from expsyncd.threads import to_its_end

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.pull.plan import Grown

PIECE = 1 << 20


class RrsyncCarrier(RsyncCarrier):
    """As RsyncCarrier, but for files that may have grown. See Carrier."""

    _ends: Path | None = None

    async def same(self, grown: Sequence[Grown]) -> set[bytes]:
        """By bringing their ends; all of a file where there was a doubt."""
        self._ends = ends = await self.place.incoming("ends")
        alike: set[bytes] = set()
        try:
            holes = await asyncio.to_thread(_holes, bytes(self.place.folder), grown)
            with writing():
                await to_its_end(partial(tails.make_holes, bytes(ends), holes))
            argv = command.grow(self._remote, ends, bwlimit=self._source.bwlimit)
            limit = 2 * max(g.size for g in grown) + SIZE_SLACK
            self._note(await self._run(argv, [g.path for g in grown], lambda _: None, limit=limit))
            alike = await to_its_end(partial(_alike, bytes(ends), bytes(self.place.folder), grown))
        finally:
            if not alike:
                await self.place.clean_up(ends)
        return alike

    async def grow(self, grown: Sequence[Grown]) -> set[bytes]:
        """Append what `same` brought: one reading of the host's file holds the old end and the new bytes."""
        assert self._ends is not None
        try:
            append = partial(tails.append, bytes(self.place.folder), bytes(self._ends), grown)
            with writing():
                came = await to_its_end(append)
        finally:
            await self.place.clean_up(self._ends)
        self._tally.add(len(grown), came)
        return set()


def _holes(folder: bytes, grown: Sequence[Grown]) -> dict[bytes, int]:
    return {one.path: _believed(folder + b"/" + one.path, one.here) for one in grown}


def _believed(ours: bytes, length: int) -> int:
    with suppress(OSError):
        if not seconds.distrusted(os.lstat(ours).st_mtime_ns):
            return max(0, length - TAIL)
    return 0


def _alike(ends: bytes, folder: bytes, grown: Sequence[Grown]) -> set[bytes]:
    found = set()
    for one in grown:
        with suppress(OSError):
            start = _believed(folder + b"/" + one.path, one.here)
            if _equal(ends + b"/" + one.path, folder + b"/" + one.path, start, one.here):
                found.add(one.path)
            else:
                os.unlink(ends + b"/" + one.path)
    return found


def _equal(theirs: bytes, ours: bytes, start: int, end: int) -> bool:
    """Whether the bytes from `start` to `end`, our length, are the same in both."""
    with open(theirs, "rb") as there, open(ours, "rb") as here:
        if os.fstat(here.fileno()).st_size != end:
            return False
        there.seek(start)
        here.seek(start)
        while start < end:
            piece = here.read(min(PIECE, end - start))
            if not piece or there.read(len(piece)) != piece:
                return False
            start += len(piece)
    return True
