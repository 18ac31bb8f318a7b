"""Whether TensorBoard answers with data, and how much memory it and its data server take."""

from __future__ import annotations

import asyncio
import errno
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from expsyncd.owner import is_ours
from expsyncd.tensorboard.command import ADDRESS

# `/` still says 200 with the data server dead; this says 500 then and hangs when it hangs (4 ms when well).
HEALTH_PATH = "/data/environment"
_STATUS_LINE_MAX = 1024
_UTIME = 11  # proc(5): field 14, counted from the state, which follows the name in parentheses
_STOPPED, _RUNNABLE = {b"T", b"t"}, {b"R", b"D"}


@dataclass(frozen=True)
class Ailment:
    """What is wrong with a TensorBoard, in words; `silent`: it took the question and did not answer."""

    words: str
    silent: bool = False


@dataclass(frozen=True)
class Signs:
    """Of life, of a process and all below it: processor time so far; any of them stopped, any computing."""

    cpu_s: float
    stopped: bool
    runnable: bool


async def ailment(port: int, *, prefix: str = "", timeout_s: float) -> Ailment | None:
    """What is wrong with the TensorBoard on `port`; None when it is well.

    `prefix`, the secret of a private page, is told to programs of this user only.
    """
    try:
        async with asyncio.timeout(timeout_s):
            status = await _status(port, prefix + HEALTH_PATH, secret=bool(prefix))
    except TimeoutError:
        return Ailment(f"does not answer within {timeout_s:g} s", silent=True)
    except OSError as error:
        return Ailment(f"does not answer ({error.strerror or type(error).__name__})")
    if status == b"200":
        return None
    return Ailment(f"has lost its data server (it says {status.decode('ascii', 'replace') or 'nothing'})")


async def _status(port: int, path: str, *, secret: bool) -> bytes:
    reader, writer = await asyncio.open_connection(ADDRESS, port, limit=_STATUS_LINE_MAX)
    try:
        # Somebody else may have been quicker than a TensorBoard that starts.
        if secret and not is_ours(ADDRESS, port):
            raise PermissionError(errno.EPERM, "its port is another user's")
        request = f"GET {path} HTTP/1.1\r\nHost: {ADDRESS}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode())
        await writer.drain()
        line = await reader.read(_STATUS_LINE_MAX)
        words = line.partition(b"\r\n")[0].split(b" ")
        return words[1] if len(words) > 1 else b""
    finally:
        writer.transport.abort()  # the body does not matter, and a hung peer must not hold our close


def tree_rss_bytes(pid: int, *, proc: Path = Path("/proc")) -> int | None:
    """Resident memory of the process and all its descendants; None without /proc or process.

    Pages shared between them count for each: an upper bound.
    """
    try:
        resident = int((proc / str(pid) / "statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError, ValueError):
        return None
    return resident + sum(tree_rss_bytes(child, proc=proc) or 0 for child in _children(pid, proc))


def signs(pid: int, *, proc: Path = Path("/proc")) -> Signs | None:
    """Signs of life; None without /proc or process."""
    if (found := _own_signs(proc / str(pid))) is None:
        return None
    for child in _children(pid, proc):
        if below := signs(child, proc=proc):
            found = Signs(
                found.cpu_s + below.cpu_s, found.stopped or below.stopped, found.runnable or below.runnable
            )
    return found


def _own_signs(process: Path) -> Signs | None:
    try:
        state, fields = _stat(process)
        ticks = int(fields[_UTIME]) + int(fields[_UTIME + 1])
    except (OSError, IndexError, ValueError):
        return None
    states = set()
    with suppress(OSError):
        for task in (process / "task").iterdir():
            with suppress(OSError, IndexError):
                states.add(_stat(task)[0])
    stopped = state in _STOPPED
    return Signs(ticks / os.sysconf("SC_CLK_TCK"), stopped, not states.isdisjoint(_RUNNABLE))


def _stat(process: Path) -> tuple[bytes, list[bytes]]:
    fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
    return fields[0], fields


def _children(pid: int, proc: Path) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in (proc / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += [int(word) for word in (task / "children").read_bytes().split()]
    return found
