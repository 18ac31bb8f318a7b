"""Threads with an owner: each ends quietly when the other end goes away, and all can be waited for."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import paramiko

if TYPE_CHECKING:
    from collections.abc import Callable

# What reading and writing raise once a connection, a pipe or a program is gone.
GONE = (OSError, EOFError, ValueError, paramiko.SSHException)


class Threads:
    """Starts threads and knows which still run."""

    def __init__(self) -> None:
        # Adding, discarding and copying a set are atomic; no lock is needed.
        self._running: set[threading.Thread] = set()

    def start(self, name: str, work: Callable[..., Any], *arguments: Any) -> threading.Thread:
        """Run `work(*arguments)`; it may end by any of GONE."""

        def run() -> None:
            try:
                work(*arguments)
            except GONE:
                pass
            finally:
                self._running.discard(thread)

        thread = threading.Thread(target=run, name=name, daemon=True)
        self._running.add(thread)
        thread.start()
        return thread

    def join(self, within_s: float) -> list[str]:
        """Wait for all, at most `within_s` in sum; the names of those that still run."""
        deadline = time.monotonic() + within_s
        for thread in list(self._running):
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in list(self._running) if thread.is_alive()]
