"""What a test must not leave behind: processes, tasks, threads, listening unix sockets (Linux only)."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path
from typing import Any

from support.processes import alive, command_line, descendants, marked

# A stop may need a moment to be through: a zombie to be reaped, a closed socket to leave the table.
SETTLE_S = 5.0
# The event loop's own threads and those of the test tools live as long as the loop or the run.
ALLOWED_THREADS = ("asyncio_", "MainThread", "Dummy-", "ThreadPoolExecutor-", "tqdm")
MARKER = "EXPSYNCD_TEST_MARKER"


def threads() -> set[threading.Thread]:
    """Threads that somebody started on purpose."""
    return {t for t in threading.enumerate() if not t.name.startswith(ALLOWED_THREADS)}


def listening() -> set[str]:
    """Paths of unix sockets that this process holds bound."""
    held = set()
    for entry in Path("/proc/self/fd").iterdir():
        try:
            name = str(entry.readlink())
        except OSError:
            continue
        if name.startswith("socket:["):
            held.add(name[8:-1])
    lines = Path("/proc/net/unix").read_text(errors="replace").splitlines()[1:]
    fields = [line.split(maxsplit=7) for line in lines]
    return {f[7] for f in fields if len(f) == 8 and f[6] in held}


def processes(marker: str) -> set[int]:
    """Our descendants, and orphans that carry `marker` in their environment."""
    found = {*descendants(os.getpid()), *marked(f"{MARKER}={marker}")} - {os.getpid()}
    return {pid for pid in found if alive(pid)}


def tasks(loop: asyncio.AbstractEventLoop) -> set[asyncio.Task[Any]]:
    """Tasks that are not through."""
    return {task for task in asyncio.all_tasks(loop) if not task.done()}


def named(pids: set[int]) -> list[str]:
    """For the message of a failure."""
    return [f"{pid}: {command_line(pid)}" for pid in sorted(pids)]
