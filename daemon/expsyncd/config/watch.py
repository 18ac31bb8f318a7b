"""Notices that hosts.yaml was saved: watchdog hints, a slow poll as the truth."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

QUIET_S = 0.2  # editors write in several steps; 2 s is what was promised
POLL_S = 5.0  # where watching fails (network homes, no watches left)


class _Hint(FileSystemEventHandler):
    def __init__(self, loop: asyncio.AbstractEventLoop, changed: asyncio.Event) -> None:
        self._loop = loop
        self._changed = changed

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in ("opened", "closed_no_write"):
            with suppress(RuntimeError):  # the loop is closing
                self._loop.call_soon_threadsafe(self._changed.set)


async def watch(file: Path, on_saved: Callable[[], None]) -> None:
    """Call `on_saved` whenever the content of `file` (or of what it links to) changed; until cancelled."""
    changed = asyncio.Event()
    observer = Observer()
    # The observer's first start loads its inotify wrapper; folders may be the same or missing.
    for folder in {file.parent, file.resolve().parent}:
        with suppress(OSError):
            observer.schedule(_Hint(asyncio.get_running_loop(), changed), str(folder))
    with suppress(OSError):
        observer.start()
    seen = _content(file)
    try:
        while True:
            with suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), POLL_S)
                await asyncio.sleep(QUIET_S)
            changed.clear()
            now = _content(file)
            if now != seen:
                seen = now
                on_saved()
    finally:
        if observer.is_alive():
            observer.stop()
            await asyncio.shield(asyncio.to_thread(observer.join))


def _content(file: Path) -> bytes | None:
    try:
        return hashlib.sha256(file.read_bytes()).digest()
    except OSError:
        return None
