"""A thread that looks at the mirror all the time and remembers every content that a file of it ever had."""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from faults.guarantees.ledger import below, stamp

if TYPE_CHECKING:
    from pathlib import Path

LOOK_S = 0.008


class Lookout:
    """`seen` tells by path every content that was there. `close` ends the thread."""

    def __init__(self, folder: Path) -> None:
        self.looks = 0
        self._samples: dict[bytes, set[bytes]] = {}
        self._lock = threading.Lock()
        self._folder = os.fsencode(folder)
        self._known: dict[bytes, tuple[int, ...]] = {}
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lookout", daemon=True)
        self._thread.start()

    def seen(self) -> dict[bytes, set[bytes]]:
        """All samples so far."""
        with self._lock:
            return {path: set(samples) for path, samples in self._samples.items()}

    def close(self) -> None:
        """Look once more and end."""
        self._end.set()
        self._thread.join(30)
        self._look()

    def _run(self) -> None:
        while not self._end.wait(LOOK_S):
            self._look()

    def _look(self) -> None:
        self.looks += 1
        with suppress(FileNotFoundError, NotADirectoryError):
            for path, status in below(self._folder).items():
                if stat.S_ISREG(status.st_mode) and self._known.get(path) != stamp(status):
                    self._read(path)

    def _read(self, path: bytes) -> None:
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            # Not through a link: whatever comes to stand there meanwhile.
            opened = os.open(self._folder + b"/" + path, os.O_RDONLY | os.O_NOFOLLOW)
            with open(opened, "rb") as file:
                before = stamp(os.fstat(file.fileno()))
                content = file.read()
            with self._lock:
                self._samples.setdefault(path, set()).add(content)
            self._known[path] = before
