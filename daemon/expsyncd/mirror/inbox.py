"""From watchdog's thread to the event loop: what changed, and that events were lost."""

from __future__ import annotations

import logging
import threading
from contextlib import contextmanager, suppress
from os import fsencode
from typing import TYPE_CHECKING

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileModifiedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)

from expsyncd.mirror.batch import ignored

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator

    from expsyncd.mirror.batch import Gathering

# Opening and reading are no changes; asking for them would make our own scans an endless stream.
CHANGES: list[type[FileSystemEvent]] = [
    FileCreatedEvent, FileModifiedEvent, FileMovedEvent, FileDeletedEvent,
    DirCreatedEvent, DirMovedEvent, DirDeletedEvent,
]  # fmt: skip


class Inbox(FileSystemEventHandler):
    """Takes events in watchdog's thread, sets `wish` in the loop's, and gives them out there.

    `lost`: there was an overflow since this was last set to False, so new folders may not be watched.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop | None, wish: asyncio.Event, mirror: bytes) -> None:
        self._loop = loop
        self._wish = wish
        self._prefix = mirror + b"/"
        self._lock = threading.Lock()
        self._changed: dict[bytes, bool] = {}
        self._overflowed = self.lost = False
        self._told = False

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called by watchdog, in its thread."""
        new_folder = isinstance(event, DirCreatedEvent | DirMovedEvent)
        for path in (event.src_path, event.dest_path):
            self.changed(fsencode(path), new_folder)

    def changed(self, path: bytes, folder: bool) -> None:
        """Something changed at an absolute path; `folder`: one that is new. Called in any thread."""
        if path.startswith(self._prefix) and not ignored(path[len(self._prefix) :]):
            with self._lock:
                self._changed[path] = folder or self._changed.get(path, False)
            self._tell()

    def overflowed(self) -> None:
        """The kernel dropped events."""
        with self._lock:
            self._overflowed = self.lost = True
        self._tell()

    def empty_into(self, gathering: Gathering, now: float) -> None:
        """Hand over what came since the last time."""
        with self._lock:
            changed, self._changed = self._changed, {}
            overflowed, self._overflowed = self._overflowed, False
            self._told = False
        for path, folder in changed.items():
            gathering.add(path, now, folder=folder)
        if overflowed:
            gathering.add_everything(now)

    def _tell(self) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told and self._loop is not None:
            with suppress(RuntimeError):  # the loop was closed in between: nobody is left to be told
                self._loop.call_soon_threadsafe(self._wish.set)


@contextmanager
def overflows(inbox: Inbox) -> Iterator[None]:
    """While open, `inbox` learns of overflows, which watchdog 7 tells by a log line only."""

    class Listening(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if "overflow" in record.getMessage():
                inbox.overflowed()

    listening = Listening(logging.WARNING)
    watchdogs = logging.getLogger("watchdog.observers")
    watchdogs.addHandler(listening)
    try:
        yield
    finally:
        watchdogs.removeHandler(listening)
