"""Whether a master still answers at its socket: it greets whoever connects. Starts no ssh, asks no host.

PROTOCOL.mux of OpenSSH: both ends first send MUX_MSG_HELLO, a uint32 length, the uint32 1 and a version.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MUX_MSG_HELLO = 1
LONGEST_HELLO = 1 << 10  # bytes; it may hold extensions, of which there are none yet
# A look costs 0.1 ms. Two in a row without an answer, and the master stands still: 11 s at most.
LOOK_EVERY_S = 5.0
ANSWER_TIMEOUT_S = 3.0
FAILURES_MEAN_DEAF = 2


async def greets(socket: Path, timeout_s: float = ANSWER_TIMEOUT_S) -> bool:
    """Whether a master behind `socket` greets in time; False also when the socket is gone."""
    try:
        async with asyncio.timeout(timeout_s):
            reader, writer = await asyncio.open_unix_connection(socket)
            try:
                length = int.from_bytes(await reader.readexactly(4), "big")
                hello = await reader.readexactly(min(length, LONGEST_HELLO))
            finally:
                writer.close()
    except (OSError, TimeoutError, asyncio.IncompleteReadError):
        return False
    return int.from_bytes(hello[:4], "big") == MUX_MSG_HELLO


async def deaf(socket: Path) -> None:
    """Return when the master behind `socket` does not greet any more."""
    failures = 0
    while failures < FAILURES_MEAN_DEAF:
        await asyncio.sleep(LOOK_EVERY_S if not failures else 0)
        failures = 0 if await greets(socket, ANSWER_TIMEOUT_S) else failures + 1
