"""What is done file by file over sftp: compared, appended to, brought whole. Blocking.

Each method returns the work for a conversation's thread; each file is a job, and many go side by side.
"""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from expsyncd.mirror.inplace import put, remove_temp
from expsyncd.mirror.layout import shown
from expsyncd.pull import local, seconds
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.digest import WHOLE_LIMIT
from expsyncd.pull.kinds import is_append_only
from expsyncd.pull.listing import Item
from expsyncd.pull.outcome import Outcome, grew_far, unreadable, unwritable
from expsyncd.pull.plan import SMALL
from expsyncd.pull.pour import Pace, Reader, Written, ends, whole
from expsyncd.pull.remote_tree import There, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.remote_tree import Job, Wire

AT_ONCE = 64  # small files side by side: 40 ms away each of them waits three round trips
LARGE_AT_ONCE = 3
HELD = (
    1 << 20
)  # so much of each growing file is held until it is known to follow; AT_ONCE of them fit in memory
SIZE_SLACK = 64 << 20  # a file may grow while it comes; twice its size and this is more than growth
PRIVATE = 0o600
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


class Unwritable(Stopped):
    """The root's disk takes no more: nothing else can come either."""


class Jobs:
    """`files` and `bytes` count what has come, `troubles` what has not."""

    def __init__(
        self,
        start: bytes,
        folder: bytes,
        there: Mapping[bytes, There],
        recent_from: float,
        pace: Pace,
        *,
        versions: bytes,
        backup: bytes,
    ) -> None:
        """`start`: the source on the host, `folder`: its mirror, `backup`: where below `versions`."""
        self.files = 0
        self.bytes = 0
        self.troubles: list[Outcome] = []
        self._start = start
        self._folder = folder
        self._there = there
        self._recent_from = recent_from
        self._pace = pace
        self._versions = versions
        self._backup = backup

    # --- comparing ----------------------------------------------------------------------------------

    def same(self, grown: Sequence[Grown], doubted: Collection[bytes]) -> Callable[[Wire], list[bytes]]:
        """The paths whose beginning here is the host's: by their ends, the `doubted` by all of it."""

        def pieces(path: bytes, ours: os.stat_result, length: int) -> list[tuple[int, int]]:
            doubt = path in doubted or seconds.distrusted(ours.st_mtime_ns)
            return whole(length) if doubt else ends(length)

        def work(wire: Wire) -> list[bytes]:
            found: list[bytes] = []
            self._run(wire, [self._compare(wire, g.path, g.here, pieces, found.append, None) for g in grown])
            return found

        return work

    def audit(self, paths: Sequence[bytes]) -> Callable[[Wire], list[Item]]:
        """Those of `paths` that have the host's size but not its bytes."""

        def pieces(path: bytes, ours: os.stat_result, length: int) -> list[tuple[int, int]]:
            del path, ours
            return whole(length)

        def work(wire: Wire) -> list[Item]:
            found: list[bytes] = []
            self._run(
                wire,
                [self._compare(wire, p, self._there[p].size, pieces, None, found.append) for p in paths],
            )
            return [Item(path, self._there[path].size, new=False, same_size=True) for path in found]

        return work

    def recheck(self, paths: Sequence[bytes], now_s: float) -> Callable[[Wire], list[Item]]:
        """Of `paths`, which were too young when they came, those that were written again.

        The others are settled once they are old enough here, by our clock alone.
        """

        def pieces(path: bytes, ours: os.stat_result, length: int) -> list[tuple[int, int]]:
            del ours
            return ends(length) if is_append_only(path) or length > WHOLE_LIMIT else whole(length)

        def settle(path: bytes) -> None:
            place = self._folder + b"/" + path
            with suppress(OSError):
                if os.lstat(place).st_ctime <= now_s - seconds.RECENT_S:
                    time_ns = seconds.local_ns(self._there[path].mtime, recent=False)
                    os.utime(place, ns=(time_ns, time_ns), follow_symlinks=False)

        def work(wire: Wire) -> list[Item]:
            found: list[bytes] = []
            self._run(
                wire,
                [self._compare(wire, p, self._there[p].size, pieces, settle, found.append) for p in paths],
            )
            # What only grows is asked about again by the plan: all of its beginning must be compared then.
            local.distrust(self._folder, [path for path in found if is_append_only(path)])
            return [Item(path, self._there[path].size, new=False, same_size=True) for path in found]

        return work

    def _compare(
        self,
        wire: Wire,
        path: bytes,
        length: int,
        pieces: Callable[[bytes, os.stat_result, int], list[tuple[int, int]]],
        same: Callable[[bytes], None] | None,
        other: Callable[[bytes], None] | None,
    ) -> Job:
        """Tell `same` or `other` of one file; of what cannot be read neither."""
        with suppress(OSError), self._opened(path, os.O_RDONLY) as (ours, status):
            if status.st_size < length:
                return
            handle = yield wire.open(joined(self._start, path))
            try:
                reader = Reader(wire, self._pace)
                alike = yield from reader.same(handle, ours, pieces(path, status, length))
            finally:
                wire.shut(handle)
            tell = same if alike else other
            if tell is not None:
                tell(path)

    # --- bringing -----------------------------------------------------------------------------------

    def grow(self, grown: Sequence[Grown]) -> Callable[[Wire], list[bytes]]:
        """Append; the paths that turned out not to begin with our bytes."""

        def work(wire: Wire) -> list[bytes]:
            changed: list[bytes] = []
            self._run(wire, [self._append(wire, one, changed) for one in grown])
            return changed

        return work

    def bring(self, wanted: Sequence[Wanted], incoming: bytes, *, sparse: bool) -> Callable[[Wire], None]:
        """Each to a temporary file in `incoming`, and from there to its place."""

        def jobs(wire: Wire) -> Iterator[Job]:
            for number, one in enumerate(wanted):
                yield self._whole(wire, one, b"%s/%d" % (incoming, number), sparse=sparse)

        def work(wire: Wire) -> None:
            large = any(one.size > SMALL for one in wanted)
            wire.run(jobs(wire), LARGE_AT_ONCE if large else AT_ONCE)

        return work

    def _append(self, wire: Wire, grown: Grown, changed: list[bytes]) -> Job:
        path = grown.path
        try:
            with self._opened(path, os.O_RDWR | os.O_APPEND) as (ours, status):
                if status.st_size != grown.here:
                    return  # somebody else's business meanwhile: the next pull looks again
                handle = yield wire.open(joined(self._start, path))
                try:
                    reader = Reader(wire, self._pace)
                    # All by one handle: a file renamed over it meanwhile is another one.
                    pieces = ends(grown.here)
                    alike = yield from reader.same(handle, ours, pieces)
                    if alike and grown.size - grown.here <= HELD:
                        # Nothing is appended that turns out to follow other bytes.
                        held = bytearray()
                        yield from reader.pour(handle, grown.here, grown.size, held.extend)
                        alike = yield from reader.same(handle, ours, pieces)
                        if alike:
                            self._counted(path, Written(ours))(bytes(held))
                    elif alike:
                        take = self._counted(path, Written(ours))
                        yield from reader.pour(handle, grown.here, grown.size, take)
                        alike = yield from reader.same(handle, ours, pieces[-1:])
                finally:
                    wire.shut(handle)
                if not alike:
                    changed.append(path)
                    return
                self._set_time(ours, path)
                self.files += 1
        except OSError as error:
            self._note(unreadable(shown(path), error.errno or 0))

    def _whole(self, wire: Wire, wanted: Wanted, temp: bytes, *, sparse: bool) -> Job:
        path = wanted.path
        most = 2 * wanted.size + SIZE_SLACK
        try:
            handle = yield wire.open(joined(self._start, path))
            try:
                with _writing(path):
                    file = os.open(temp, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
                try:
                    take = self._counted(path, Written(file, sparse=sparse))
                    end = yield from Reader(wire, self._pace).pour(handle, 0, wanted.size, take, most=most)
                    with _writing(path):
                        if sparse:
                            os.ftruncate(file, end)
                        self._set_time(file, path)
                finally:
                    os.close(file)
            finally:
                wire.shut(handle)
        except OSError as error:
            self._note(unreadable(shown(path), error.errno or 0))
            remove_temp(temp)
            return
        if end >= most:
            self._note(grew_far(shown(path)))
            remove_temp(temp)
            return
        try:
            put(self._folder, path, temp, self._versions, self._backup)
        except OSError as error:
            if error.errno in FULL:
                raise Unwritable(unwritable(shown(path), error.errno or 0)) from error
            self._note(unwritable(shown(path), error.errno or 0))
            remove_temp(temp)
            return
        self.files += 1

    # --- small things -------------------------------------------------------------------------------

    def _run(self, wire: Wire, jobs: Sequence[Job]) -> None:
        wire.run(iter(jobs), AT_ONCE)

    def _note(self, trouble: Outcome) -> None:
        self.troubles.append(trouble)

    def _counted(self, path: bytes, written: Written) -> Callable[[bytes], None]:
        def take(content: bytes) -> None:
            with _writing(path):
                written.take(content)
            self.bytes += len(content)

        return take

    def _set_time(self, file: int, path: bytes) -> None:
        """The host's time as it was listed: whatever was written since, the next listing sees."""
        there = self._there.get(path)
        if there is not None:
            time_ns = seconds.local_ns(there.mtime, recent=there.mtime >= self._recent_from)
            os.utime(file, ns=(time_ns, time_ns))

    @contextmanager
    def _opened(self, path: bytes, flags: int) -> Iterator[tuple[int, os.stat_result]]:
        file = os.open(self._folder + b"/" + path, flags | os.O_NOFOLLOW)
        try:
            yield file, os.fstat(file)
        finally:
            os.close(file)


@contextmanager
def _writing(path: bytes) -> Iterator[None]:
    """What the local disk refuses is no refusal of the host."""
    try:
        yield
    except OSError as error:
        raise Unwritable(unwritable(shown(path), error.errno or 0)) from error
