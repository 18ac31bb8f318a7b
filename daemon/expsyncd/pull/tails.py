"""The ends of growing files, brought beside them first: only what follows what is here is appended.

rsync appends to holes as long as our files; what it wrote is appended by us once the host has said that all
of it is the beginning of its file. Blocking.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.mirror.folders import make_private
from expsyncd.paths import PRIVATE_FILE
from expsyncd.pull.digest import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expsyncd.pull.digest import Question
    from expsyncd.pull.plan import Grown

PIECE = 1 << 20
# What grew by more goes to its place at once: a pass that is cut off half-way is to have brought something.
AT_MOST = 64 << 20


class Joined:
    """Reads our file's first `length` bytes and then its tail, as the one file they may become."""

    def __init__(self, ours: int, tail: int, length: int) -> None:
        """`ours` and `tail`: open files; the tail has a hole of `length` bytes."""
        self._ours = ours
        self._tail = tail
        self._length = length
        self._place = 0

    def seek(self, place: int) -> int:
        """Go to a byte."""
        self._place = place
        return place

    def read(self, count: int) -> bytes:
        """At most `count` bytes; none at the end."""
        if self._place < self._length:
            content = os.pread(self._ours, min(count, self._length - self._place), self._place)
        else:
            content = os.pread(self._tail, count, self._place)
        self._place += len(content)
        return content


def make_holes(tails: bytes, lengths: Mapping[bytes, int]) -> None:
    """A file below `tails` for each path, its first bytes a hole as long as what of ours is believed.

    None where that is nothing. Raises OSError.
    """
    for path, length in lengths.items():
        if parent := os.path.dirname(path):
            make_private(tails, parent)
        if length:
            file = os.open(tails + b"/" + path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, PRIVATE_FILE)
            try:
                os.ftruncate(file, length)
            finally:
                os.close(file)


def joined_digest(folder: bytes, tails: bytes, question: Question, length: int) -> str:
    """Digest of our first `length` bytes and the tail behind them; empty when they are too few."""
    with suppress(OSError):
        ours = _opened(folder, question.path)
        try:
            tail = _opened(tails, question.path)
            try:
                return digest_of(Joined(ours, tail, length), question)
            finally:
                os.close(tail)
        finally:
            os.close(ours)
    return ""


def append(folder: bytes, tails: bytes, grown: Iterable[Grown]) -> int:
    """Append to each of ours what its tail has more, and give it the host's time; bytes in all.

    Raises OSError when the disk does not take it; what was written is still a beginning of the host's.
    """
    total = 0
    for one in grown:
        ours = os.open(folder + b"/" + one.path, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            if os.fstat(ours).st_size != one.here:
                continue  # somebody else's business meanwhile: the next pull looks again
            tail = _opened(tails, one.path)
            try:
                total += _copy(tail, one.here, ours)
                time_ns = os.fstat(tail).st_mtime_ns
            finally:
                os.close(tail)
            os.utime(ours, ns=(time_ns, time_ns))
        finally:
            os.close(ours)
    return total


def keep(folder: bytes, tails: bytes, grown: Iterable[Grown], backup: bytes, base: bytes) -> None:
    """Ours and its tail as one file below `backup`, which is below `base`: the host may have had just that.

    Raises OSError.
    """
    for one in grown:
        place = backup + b"/" + one.path
        tail = _opened(tails, one.path)
        try:
            if os.fstat(tail).st_size <= one.here:
                continue
            make_private(base, os.path.dirname(place)[len(base) + 1 :])
            ours = _opened(folder, one.path)
            try:
                copy = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE_FILE)
                try:
                    _copy(ours, 0, copy, one.here)
                    _copy(tail, one.here, copy)
                finally:
                    os.close(copy)
            finally:
                os.close(ours)
        finally:
            os.close(tail)


def _opened(folder: bytes, path: bytes) -> int:
    return os.open(folder + b"/" + path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)


def _copy(source: int, start: int, goal: int, end: int | None = None) -> int:
    """Copy bytes from `start` up to `end`, or all there are; how many."""
    place = start
    while piece := os.pread(source, PIECE if end is None else min(PIECE, end - place), place):
        view = memoryview(piece)
        while view:
            view = view[os.write(goal, view) :]
        place += len(piece)
    return place - start
