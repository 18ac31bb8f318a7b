"""Reading files of a host over sftp, many requests ahead: into a file, or beside one of ours. Blocking."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from expsyncd.pull.remote_tree import Wire

    Step = Generator[Any, Any, Any]

# What is asked for ahead: more than a fast line holds at 40 ms.
AHEAD = 8 << 20
SAFE_READ = 32 << 10
# Of a growing file these tell whether its beginning is still ours (RULING 11); the audit does the rest.
HEAD = 4 << 10
TAIL = 64 << 10
SLICE_S = 0.25  # with a bwlimit, how much is asked for at once
ZEROS = bytes(256 << 10)


class Pace:
    """Keeps what is asked for under `bwlimit` bytes a second; None is no limit."""

    def __init__(self, bwlimit: int | None) -> None:
        self._bwlimit = bwlimit
        self._next = 0.0

    def step(self, longest: int) -> int:
        """How many bytes to ask for at once."""
        if self._bwlimit is None:
            return longest
        return max(1024, min(longest, int(self._bwlimit * SLICE_S)))

    def wait(self, count: int) -> None:
        """Wait until `count` more bytes may be asked for."""
        if self._bwlimit is None:
            return
        now = time.monotonic()
        if self._next > now:
            time.sleep(self._next - now)
        self._next = max(self._next, now) + count / self._bwlimit


class Reader:
    """Reads over one conversation; `bytes` counts what came."""

    def __init__(self, wire: Wire, pace: Pace) -> None:
        self.bytes = 0
        self._wire = wire
        self._pace = pace
        self._longest = wire.longest_read

    def pour(
        self,
        handle: bytes,
        start: int,
        size: int,
        take: Callable[[bytes], None],
        *,
        most: int | None = None,
    ) -> Step:
        """Hand the bytes from `start` to `size` to `take`, in order; returns where it ended.

        It ends before `size` where the file does. With `most` it goes on beyond `size` while there is more,
        and `most` or more as its end means that there still was.
        """
        goal = size if most is None else size + 1
        place = asked = start
        pending: deque[tuple[int, int, Any]] = deque()
        while True:
            while asked < goal and asked - place < AHEAD:
                length = min(self._pace.step(self._longest), goal - asked)
                self._pace.wait(length)
                pending.append((asked, length, self._wire.read(handle, asked, length)))
                asked += length
                if self._pace.step(self._longest) != self._longest:
                    break  # paced: what comes is taken before more is asked for
            if not pending:
                return place
            offset, length, reply = pending.popleft()
            content = (yield reply)[:length]  # a host that sends more than was asked for is cut
            if offset != place:
                continue  # asked for behind a short answer, and asked for again since
            if not content:
                return place
            take(content)
            self.bytes += len(content)
            place += len(content)
            if most is not None and place > size:
                if place >= most:
                    return place
                goal = most
            if len(content) < length:
                if place == size:
                    return place
                # The end, or a host that gives less at once: only asking tells.
                pending.clear()
                asked = place
                self._longest = max(SAFE_READ, len(content)) if length > SAFE_READ else self._longest

    def same(self, handle: bytes, ours: int, pieces: list[tuple[int, int]]) -> Step:
        """Whether the (offset, length) `pieces` of the file are those of our open file `ours`."""
        for start, length in pieces:
            compared = _Compared(ours, start)
            end = yield from self.pour(handle, start, start + length, compared.take)
            if compared.differs or end != start + length:
                return False
        return True


class _Compared:
    """Takes bytes and compares them with a file of ours."""

    def __init__(self, file: int, place: int) -> None:
        self.differs = False
        self._file = file
        self._place = place

    def take(self, content: bytes) -> None:
        if not self.differs:
            self.differs = os.pread(self._file, len(content), self._place) != bytes(content)
        self._place += len(content)


class Written:
    """Takes bytes and writes them to an open file; `sparse` leaves holes for zeros."""

    def __init__(self, file: int, *, sparse: bool = False) -> None:
        self._file = file
        self._sparse = sparse

    def take(self, content: bytes) -> None:
        """Raises OSError when the disk does not take it."""
        # The first look is cheap, and of nearly all pieces enough.
        if self._sparse and content[:8] == ZEROS[:8] and bytes(content) == ZEROS[: len(content)]:
            os.lseek(self._file, len(content), os.SEEK_CUR)
            return
        view = memoryview(content)
        while view:
            view = view[os.write(self._file, view) :]


def ends(length: int) -> list[tuple[int, int]]:
    """The pieces that speak for the first `length` bytes of a growing file."""
    if length <= HEAD + TAIL:
        return whole(length)
    return [(0, HEAD), (length - TAIL, TAIL)]


def whole(length: int) -> list[tuple[int, int]]:
    """All of the first `length` bytes."""
    return [(0, length)] if length else []
