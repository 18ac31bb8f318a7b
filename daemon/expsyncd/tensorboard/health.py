"""Whether TensorBoard answers with data, and how much memory it and its data server take."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from pathlib import Path

from expsyncd.tensorboard.command import ADDRESS

# `/` still says 200 with the data server dead; this says 500 then and hangs when it hangs (4 ms when well).
HEALTH_PATH = "/data/environment"
_STATUS_LINE_MAX = 1024


async def ailment(port: int, *, prefix: str = "", timeout_s: float) -> str | None:
    """What is wrong with the TensorBoard on `port`, for people; None when it is well."""
    try:
        async with asyncio.timeout(timeout_s):
            status = await _status(port, prefix + HEALTH_PATH)
    except TimeoutError:
        return f"does not answer within {timeout_s:g} s"
    except OSError as error:
        return f"does not answer ({error.strerror or type(error).__name__})"
    if status == b"200":
        return None
    return f"has lost its data server (it says {status.decode('ascii', 'replace') or 'nothing'})"


async def _status(port: int, path: str) -> bytes:
    reader, writer = await asyncio.open_connection(ADDRESS, port, limit=_STATUS_LINE_MAX)
    try:
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


def _children(pid: int, proc: Path) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in (proc / str(pid) / "task").iterdir():
            with suppress(OSError):
                found += [int(word) for word in (task / "children").read_bytes().split()]
    return found
