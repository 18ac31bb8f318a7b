"""Watches a folder and all below it by inotify (Linux): watchdog reads the kernel's queue, the rest is here.

watchdog's own observer looks through all that waits for each name that is moved into place, which rsync does
with every file; it warns of a folder that it watches twice with the names of all that it watches, and Python
keeps each such text; and after an overflow it takes every watch away, each of which is an event: with more
folders than the kernel's queue holds that overflows for ever.
"""

from __future__ import annotations

import ctypes
import errno
import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from watchdog.observers.inotify_c import (
    InotifyConstants,
    InotifyFD,
    Mask,
    inotify_add_watch,
    inotify_rm_watch,
)

from expsyncd.mirror.inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.inotify_c import InotifyEvent, WatchDescriptor

CAME = InotifyConstants.IN_CREATE | InotifyConstants.IN_MOVED_TO
MASK = Mask(
    CAME
    | InotifyConstants.IN_DELETE
    | InotifyConstants.IN_MOVED_FROM
    | InotifyConstants.IN_MODIFY
    | InotifyConstants.IN_ONLYDIR
    | InotifyConstants.IN_DONT_FOLLOW
)


class Watching(Protocol):
    """The part of watchdog's observers that is used."""

    def schedule(
        self,
        told: FileSystemEventHandler,
        path: str,
        /,
        *,
        recursive: bool = False,
        event_filter: list[type[FileSystemEvent]] | None = None,
    ) -> object:
        """Watch `path` once started."""
        ...

    def start(self) -> None:
        """Raises OSError at a limit of the kernel."""
        ...

    def stop(self) -> None:
        """Have it end."""
        ...

    def is_alive(self) -> bool:
        """Whether its thread goes on."""
        ...

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        ...


class Told(Protocol):
    """Hears of events in the reader's thread."""

    def on_event(self, event: InotifyEvent) -> None:
        """Something happened in or to a watched folder."""
        ...

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A watched folder is gone."""
        ...


class Kernel(Protocol):
    """What makes watches."""

    def watch(self, path: bytes) -> WatchDescriptor:
        """Watch a folder, the same number for the same one. Raises OSError."""
        ...

    def unwatch(self, wd: WatchDescriptor) -> None:
        """Watch it no longer."""
        ...


class Reader(InotifyFD):
    """watchdog's thread that reads the kernel's queue, without what it notes of each watch.

    An overflow goes to watchdog's log, where an Inbox hears of it. Raises OSError when the kernel gives none.
    """

    def __init__(self) -> None:
        super().__init__()
        self.told: Told | None = None

    def watch(self, path: bytes) -> WatchDescriptor:
        """Watch a folder, the same number for the same one. Raises OSError."""
        wd = inotify_add_watch(self._inotify_fd, path, MASK)
        if wd == -1:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
        return wd

    def unwatch(self, wd: WatchDescriptor) -> None:
        """Watch it no longer; nothing where it is gone already."""
        inotify_rm_watch(self._inotify_fd, wd)

    def handle_event(self, event: InotifyEvent) -> None:
        """Hand it on."""
        if event.is_queue_overflow:
            super().handle_event(event)
        elif self.told is not None and event.is_ignored:
            self.told.on_watch_deleted(event.wd)
        elif self.told is not None:
            self.told.on_event(event)


class TreeObserver:
    """Tells an Inbox of what changes below one folder; `make` makes the watches.

    Raises OSError at a limit of the kernel.
    """

    def __init__(self) -> None:
        self._reader = Reader()
        self._reader.start()
        self._tree: Tree | None = None
        self.make = Tree

    def schedule(
        self,
        told: FileSystemEventHandler,
        path: str,
        /,
        *,
        recursive: bool = False,
        event_filter: list[type[FileSystemEvent]] | None = None,
    ) -> object:
        """Watch `path` once started; what is told is always the same."""
        del event_filter
        changed = told.changed if isinstance(told, Inbox) else _nobody
        self._tree = self._reader.told = self.make(
            self._reader, os.fsencode(path), changed, recursive=recursive
        )
        return None

    def start(self) -> None:
        """Add the watches; blocks for as long as it takes to find all folders. Raises OSError."""
        if self._tree is not None:
            self._tree.begin()

    def watch_again(self) -> None:
        """Find the folders that came while events were lost; blocks likewise, and never raises."""
        if self._tree is not None:
            self._tree.again()

    @property
    def limit(self) -> OSError | None:
        """The limit of the kernel by which a folder that came is not watched."""
        return None if self._tree is None else self._tree.limit

    def stop(self) -> None:
        """Have it end."""
        self._reader.stop()

    def is_alive(self) -> bool:
        """Whether its thread goes on."""
        return self._reader.is_alive()

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        self._reader.join(timeout)


class Tree:
    """The watches below one folder; `changed` gets absolute paths and whether that is a folder that came."""

    def __init__(
        self, kernel: Kernel, top: bytes, changed: Callable[[bytes, bool], None], *, recursive: bool
    ) -> None:
        self._kernel = kernel
        self._top = top
        self._changed = changed
        self._recursive = recursive
        self.limit: OSError | None = None
        # Held while a watch is made and noted: its first event may come in between.
        self._lock = threading.Lock()
        self._paths: dict[WatchDescriptor, bytes] = {}
        self._watched: dict[bytes, WatchDescriptor] = {}

    def begin(self) -> None:
        """Watch all. Raises OSError when the top cannot be watched, or at a limit."""
        self._add(self._top)
        self._add_all([*_folders(self._top)] if self._recursive else [], limited=True)

    def again(self) -> None:
        """Watch all once more: what is watched stays so."""
        with self._lock:
            self._watched.clear()
        with suppress(OSError):
            self._add_all([self._top])

    def on_event(self, event: InotifyEvent) -> None:
        """Called in the reader's thread."""
        with self._lock:
            folder = self._paths.get(event.wd)
        if folder is None or not event.name:  # of a folder itself its parent tells, of the top nobody
            return
        path = folder + b"/" + event.name
        came = False
        if event.mask & InotifyConstants.IN_ISDIR:
            came = bool(event.mask & CAME)
            if came and self._recursive:
                # Before it is told: what comes into it after that look tells of itself.
                with suppress(OSError):
                    self._add_all([path])
            elif not came:
                self._leave(path, moved=event.is_moved_from)
        self._changed(path, came)

    def on_watch_deleted(self, wd: WatchDescriptor) -> None:
        """A watched folder is gone."""
        with self._lock:
            path = self._paths.pop(wd, None)
            if path is not None and self._watched.get(path) == wd:
                del self._watched[path]

    def _add_all(self, waiting: list[bytes], *, limited: bool = False) -> None:
        while waiting:
            folder = waiting.pop()
            try:
                new = self._add(folder)
            except OSError as error:
                if error.errno == errno.ENOSPC:
                    if limited:
                        raise
                    self.limit = error  # nobody waits for this: the watch finds it here
                continue  # it left already, or may not be read
            if new:
                waiting += _folders(folder)

    def _add(self, path: bytes) -> bool:
        """Whether it was not watched before."""
        with self._lock:
            if path in self._watched:
                return False
            wd = self._kernel.watch(path)
            self._paths[wd] = path
            self._watched[path] = wd
            return True

    def _leave(self, path: bytes, *, moved: bool) -> None:
        with self._lock:
            below = path + b"/"
            left = [path] + ([other for other in self._watched if other.startswith(below)] if moved else [])
            wds = [wd for other in left if (wd := self._watched.pop(other, None)) is not None]
            if moved:  # wherever they are now, these are no longer their paths
                for wd in wds:
                    self._paths.pop(wd, None)
                    self._kernel.unwatch(wd)


def _folders(folder: bytes) -> Sequence[bytes]:
    with suppress(OSError), os.scandir(folder) as entries:
        return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
    return []


def _nobody(path: bytes, folder: bool) -> None:
    del path, folder
