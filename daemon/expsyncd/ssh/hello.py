"""Whether a master still answers at its socket: it greets whoever connects. Starts no ssh, asks no host.

PROTOCOL.mux of OpenSSH: both ends first send MUX_MSG_HELLO, a uint32 length, the uint32 1 and a version.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from expsyncd.pace import next_due

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.ssh.master import Master

MUX_MSG_HELLO = 1
LONGEST_HELLO = 1 << 10  # bytes; it may hold extensions, of which there are none yet
# A greeting costs both ends half a millisecond. Our own master wakes at least each five seconds to ask its
# host (ServerAlive), so while its CPU clock goes on, a look at that, which costs a tenth, says as much. One
# that has stood still for longer, and any whose clock cannot be read, is asked for a greeting. Two in a row
# without one: from its last sign of life 2 + 6 + 2 * 1.5 = 11 s at most.
LOOK_EVERY_S = 2.0
STILL_S = 5.0  # the third look without a sign, however late its timer is
ANSWER_TIMEOUT_S = 1.5
FAILURES_MEAN_DEAF = 2
SOCKET_EVERY_S = 4.0
# One that computes for most of the time may do so for ever.
BUSY_SHARE = 0.5


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


async def deaf(master: Master) -> None:
    """Return when `master` does not greet any more."""
    failures = 0
    while failures < FAILURES_MEAN_DEAF:
        if not failures:
            await _in_doubt(master)
        failures = 0 if await greets(master.socket, ANSWER_TIMEOUT_S) else failures + 1


async def _in_doubt(master: Master) -> None:
    """Return when a greeting of `master` is needed to know whether it lives."""
    looks = _Looks(master)
    try:
        await looks.over.wait()
    finally:
        looks.timer.cancel()


class _Looks:
    """By callbacks, not in a task: there is one every other second for every host."""

    def __init__(self, master: Master) -> None:
        self.over = asyncio.Event()
        self._master = master
        self._socket = os.fspath(master.socket)
        self._loop = asyncio.get_running_loop()
        self._used_s = master.cpu_s()
        self._alive_at = now = self._loop.time()
        self._socket_at = now + SOCKET_EVERY_S
        self._next(now)

    def _next(self, now: float) -> None:
        self.timer = self._loop.call_at(next_due(now, LOOK_EVERY_S), self._look)

    def _look(self) -> None:
        now, before_s = self._loop.time(), self._used_s
        self._used_s = used_s = self._master.cpu_s()
        if used_s is not None and before_s is not None and 0 < used_s - before_s < BUSY_SHARE * LOOK_EVERY_S:
            self._alive_at = now
        doubtful = now - self._alive_at >= STILL_S
        if now >= self._socket_at:
            self._socket_at = now + SOCKET_EVERY_S
            doubtful = doubtful or not os.path.lexists(self._socket)
        if doubtful:
            self.over.set()
        else:
            self._next(now)
