"""Ends programs of the built-in host that made themselves daemons, by a mark in their environment."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

_PROC = Path("/proc")
_ROUNDS = 3  # a program may have started another while we looked


def end_marked(mark: str) -> int:
    """KILL every process of ours that was started with `mark` (`NAME=VALUE`); how many there were.

    Linux only: elsewhere a program that left its session cannot be found and 0 is returned.
    """
    ended = 0
    for _ in range(_ROUNDS):
        found = _marked(mark.encode())
        for pid in found:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                ended += 1
        if not found:
            break
    return ended


def _marked(mark: bytes) -> list[int]:
    found = []
    for entry in _PROC.iterdir() if (_PROC / "self").exists() else ():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        with suppress(OSError):  # gone meanwhile, or somebody else's
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found
