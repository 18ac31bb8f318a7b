"""Notices that hosts.yaml was saved: watchdog hints, a slow poll as the truth."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from watchdog.events import (
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer

from expsyncd.pace import next_due, wished

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUIET_S = 0.2  # editors write in several steps; 2 s is what was promised
POLL_S = 5.0  # where watching fails (network homes, no watches left)
# A file that was written so long ago is another one by its stamp when it is written again: no file system's
# clock is coarser than two seconds (FAT).
RESTED_S = 3.0
# Opening and reading are no changes; the daemon itself may do so beside the file many times a minute.
CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent, DirMovedEvent,
]  # fmt: skip


class _Hint(FileSystemEventHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
        self._loop = loop
        self._changed = changed

    def on_any_event(self, _event: FileSystemEvent) -> None:
        with suppress(RuntimeError):  # the loop is closing
            self._loop.call_soon_threadsafe(self._changed.set)


async def watch(file: Path, on_saved: Callable[[], None]) -> None:
    """Call `on_saved` whenever the content of `file` (or of what it links to) changed; until cancelled."""
    loop, changed = asyncio.get_running_loop(), asyncio.Event()
    observer = Observer()
    # The observer's first start loads its inotify wrapper; folders may be the same or missing.
    for folder in {file.parent, file.resolve().parent}:
        with suppress(OSError):
            observer.schedule(_Hint(loop, changed), str(folder), event_filter=CHANGES)
    with suppress(OSError):
        observer.start()
    content = _Content(file)
    content.differs()
    try:
        while True:
            if await wished(changed, next_due(loop.time(), POLL_S)):
                await asyncio.sleep(QUIET_S)
            changed.clear()
            if content.differs():
                on_saved()
    finally:
        if observer.is_alive():
            observer.stop()
            await asyncio.shield(asyncio.to_thread(observer.join))


class _Content:
    """What the file holds, read only where its stamp leaves a doubt."""

    def __init__(self, file: Path) -> None:
        self._file = os.fspath(file)
        self._digest: bytes | None = None
        self._stamp: tuple[int, ...] | None = None  # of a file that had rested when it was read

    def differs(self) -> bool:
        """Whether it is another content than at the last look."""
        before = self._digest
        try:
            # Opened also for its stamp: only then a network home asks its host.
            with open(self._file, "rb", buffering=0) as file:
                found = os.fstat(file.fileno())
                stamp = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
                if stamp == self._stamp:
                    return False
                rested = time.time_ns() - max(stamp[3:]) > RESTED_S * 1e9
                self._digest = hashlib.sha256(file.read()).digest()
                self._stamp = stamp if rested else None
        except OSError:
            self._digest = self._stamp = None
        return self._digest != before
