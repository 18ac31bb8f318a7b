"""One expsyncd a person: a lock that dies with its holder and says who that is."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from expsyncd.errors import LockedError
from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def only_one(lock_file: Path, purpose: str) -> Iterator[None]:
    """Hold the lock for the block. Raises LockedError naming the holder's pid and purpose.

    flock goes with the process, so a killed daemon leaves no stale lock; the file itself stays.
    """
    descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 200).decode("utf-8", "replace").strip() or "another process"
            raise LockedError(
                f"expsyncd is running already ({holder})",
                "`expsyncd status` asks it, `expsyncd stop` ends it",
            ) from None
        os.ftruncate(descriptor, 0)
        with suppress(OSError):  # no room: the lock is held all the same, only its holder cannot be named
            os.pwrite(descriptor, f"pid {os.getpid()}, {purpose}\n".encode(), 0)
        yield
        os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)
