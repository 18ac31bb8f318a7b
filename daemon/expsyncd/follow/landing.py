"""Puts what the agent sent into the mirror: growing files grow at their end, nothing else changes. Blocking.

Every chunk opens its file anew, folder by folder without following a link, so that nothing outside the
source's folder is reached whatever the mirror looks like and whatever a host sends.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expsyncd.follow.agent.growth import BEFORE
from expsyncd.pull.digest import PIECE, WHOLE_LIMIT, Question, local_digest
from expsyncd.pull.local import distrust
from expsyncd.pull.seconds import DISTRUSTED_NS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expsyncd.follow.frames import Check, Chunk

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
OPEN_FILE = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


@dataclass(frozen=True)
class Landed:
    """What became of a chunk.

    took: its bytes are here now, `wrote` of them new; `level` when the file is as long as the host's.
    misfit: our file has `size` bytes, and the chunk is for another place.
    pull: only a pull can tell; nothing was changed.
    """

    kind: Literal["took", "misfit", "pull"]
    size: int = 0
    wrote: int = 0
    level: bool = False


PULL = Landed("pull")


def land(folder: bytes, chunk: Chunk, room: int | None) -> Landed:
    """Append one chunk to its file below `folder`, or make the file; `room`: bytes that may be written."""
    if room is not None and len(chunk.payload) > room:
        return PULL
    try:
        with _parent(folder, chunk.path, make=chunk.offset == 0) as parent:
            return _land(parent, os.path.basename(chunk.path), chunk)
    except FileNotFoundError:
        return Landed("misfit", 0) if chunk.offset else PULL
    except (OSError, OverflowError):
        return PULL


def _land(parent: int, name: bytes, chunk: Chunk) -> Landed:
    try:
        file = os.open(name, OPEN_FILE, dir_fd=parent)
    except FileNotFoundError:
        if chunk.offset:
            return Landed("misfit", 0)
        file = os.open(name, OPEN_FILE | os.O_CREAT | os.O_EXCL, PRIVATE_FILE, dir_fd=parent)
    try:
        return _append(file, chunk)
    finally:
        os.close(file)


def _append(file: int, chunk: Chunk) -> Landed:
    here = os.fstat(file)
    # More than one name: one of them may be an old version. Distrusted: a pull found that it does not fit.
    if not stat.S_ISREG(here.st_mode) or here.st_nlink != 1 or here.st_mtime_ns == DISTRUSTED_NS:
        return PULL
    size, payload = here.st_size, chunk.payload
    whole = chunk.before == chunk.offset <= WHOLE_LIMIT
    if not whole and chunk.before != min(chunk.offset, BEFORE):
        return PULL
    if not chunk.offset <= size <= chunk.offset + len(payload):
        return Landed("misfit", size)
    if _digest(file, chunk.offset - chunk.before, chunk.offset) != chunk.digest:
        return PULL
    known = size - chunk.offset
    if known and os.pread(file, known, chunk.offset) != payload[:known]:
        return PULL
    rest, place = memoryview(payload)[known:], size
    while rest:
        count = os.pwrite(file, rest, place)
        rest, place = rest[count:], place + count
    level = place == chunk.size
    if level and place == size and not whole and here.st_mtime_ns != chunk.mtime_ns:
        return PULL  # as long and 64 kB alike, but of another time: the host may have replaced it
    if level and chunk.mtime_ns != DISTRUSTED_NS:
        os.utime(file, ns=(chunk.mtime_ns, chunk.mtime_ns))
    return Landed("took", place, place - size, level)


def _digest(file: int, start: int, end: int) -> str:
    digest = hashlib.sha256()
    for place in range(start, end, PIECE):
        digest.update(os.pread(file, min(PIECE, end - place), place))
    return digest.hexdigest()


def agrees(folder: bytes, check: Check) -> bool:
    """Whether our file is what the host digested; one that is not loses our trust: a pull replaces it.

    A file of another size says nothing: it is on its way.
    """
    try:
        with _parent(folder, check.path, make=False) as parent:
            here = os.stat(os.path.basename(check.path), dir_fd=parent, follow_symlinks=False)
    except OSError:
        return True
    if not stat.S_ISREG(here.st_mode) or here.st_size != check.size:
        return True
    question = Question(check.path, check.size, whole=check.size <= WHOLE_LIMIT)
    if local_digest(folder, question) == check.digest:
        return True
    distrust(folder, [check.path])
    return False


@contextmanager
def _parent(folder: bytes, path: bytes, *, make: bool) -> Iterator[int]:
    """The open folder that `path` lies in; missing ones are made on request. Raises OSError."""
    place = os.open(folder, OPEN_FOLDER)
    try:
        for part in path.split(b"/")[:-1]:
            if make:
                with suppress(FileExistsError):
                    os.mkdir(part, PRIVATE_FOLDER, dir_fd=place)
            inner = os.open(part, OPEN_FOLDER, dir_fd=place)
            os.close(place)
            place = inner
        yield place
    finally:
        os.close(place)


def size_of(folder: bytes, path: bytes) -> int:
    """How many bytes of a file are here, 0 if none."""
    try:
        with _parent(folder, path, make=False) as parent:
            return os.stat(os.path.basename(path), dir_fd=parent, follow_symlinks=False).st_size
    except OSError:
        return 0
