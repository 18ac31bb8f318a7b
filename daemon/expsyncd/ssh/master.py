"""The OpenSSH master that a connection rides on: our own child, or one that the person opened."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from expsyncd.process import Child

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

POLL_S = 0.01  # the socket appears when the login is through; ssh has no other way to say so
LAST_WORDS_S = 0.5  # a hop of a master that is gone may hold its stderr a little longer
TERM_GRACE_S = 2.0  # a master ends within milliseconds unless it is frozen
CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3): of a process, in nanoseconds
SAID_LIMIT = 1 << 15  # a changed key takes 1 kB; of a longer story the end counts


def is_own_socket(path: Path) -> bool:
    """Whether `path` is a socket of this user; anything else there is not to be talked to."""
    try:
        found = path.lstat()
    except OSError:
        return False
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.getuid()


def listened_at(path: Path) -> bool:
    """Whether a process listens at the socket `path`, be it frozen; asks it nothing."""
    with socket.socket(socket.AF_UNIX) as asking:
        asking.setblocking(False)
        try:
            asking.connect(str(path))
        except BlockingIOError:  # too many wait there already
            return True
        except OSError:
            return False
    return True


class Master(Protocol):
    """A live master behind `socket`."""

    socket: Path
    adopted: bool

    async def gone(self) -> None:
        """Return when the master has ended."""
        ...

    async def stop(self) -> None:
        """End it if it is ours."""
        ...

    def cpu_s(self) -> float | None:
        """CPU seconds that it has used so far; None where that cannot be read."""
        ...


class OwnMaster:
    """`ssh -M -N` in the foreground, ended with us; it is read only while something waits for it."""

    adopted = False

    def __init__(self, child: Child, socket: Path) -> None:
        self.socket = socket
        self._child = child
        self._said = bytearray()
        self.heard = 0  # bytes of its words so far

    @classmethod
    async def start(cls, argv: Sequence[str], socket: Path, environment: Mapping[str, str]) -> OwnMaster:
        """Start the ssh `argv` that will listen at `socket`. Raises Error when there is no ssh."""
        child = await Child.start(
            argv, environment=environment, stdout=asyncio.subprocess.DEVNULL, grace_s=TERM_GRACE_S
        )
        return cls(child, socket)

    @property
    def code(self) -> int | None:
        """Exit code once it has ended, negative for a signal."""
        return self._child.code

    @property
    def pid(self) -> int:
        """The ssh process."""
        return self._child.pid

    def cpu_s(self) -> float | None:
        """CPU seconds that it has used so far; None where that cannot be read (macOS), or it has ended."""
        try:
            return time.clock_gettime(~self.pid << 3 | CPUCLOCK_SCHED)
        except OSError:
            return None

    async def code_soon(self) -> int | None:
        """Exit code; None if it still runs after a moment: those who ride on it may notice its end first."""
        try:
            async with asyncio.timeout(LAST_WORDS_S):
                return await self._child.wait()
        except TimeoutError:
            return None

    def said(self) -> str:
        """What it printed since the start or the last `forget`."""
        return self._said.decode("utf-8", "replace")

    def said_since(self, heard: int) -> str:
        """What it printed after it had printed `heard` bytes, as far as that is still known."""
        new = self.heard - heard
        return self._said[-new:].decode("utf-8", "replace") if new > 0 else ""

    def forget(self) -> None:
        """Drop what it said so far: the words of the login do not explain a later loss."""
        self._said.clear()

    async def listening(self, limit_s: float) -> bool | None:
        """Whether the login is through (True) or ssh has ended (False); None when neither is in time."""
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(self.gone(), name=f"end of ssh {self.pid}")
            try:
                async with asyncio.timeout(limit_s):
                    while not (up := is_own_socket(self.socket)) and not ended.done():
                        await asyncio.wait([ended], timeout=POLL_S)
            except TimeoutError:
                return None
            finally:
                ended.cancel()
        return up and self.code is None

    async def gone(self) -> None:
        """Return when ssh has ended and its last words are read."""
        async with asyncio.TaskGroup() as group:
            pump = group.create_task(self._listen(), name=f"stderr of ssh {self.pid}")
            await self._child.wait()
            await asyncio.wait([pump], timeout=LAST_WORDS_S)
            pump.cancel()

    def give_up(self) -> None:
        """Tell ssh to end; whoever waits for it hears of it."""
        self._child.signal_leader(signal.SIGTERM)

    async def stop(self) -> None:
        """TERM, then KILL its group (a hop belongs to it); removes the socket."""
        await self._child.stop()
        # Only a killed ssh leaves its socket behind. Where somebody listens it is a login of the person's.
        if not listened_at(self.socket):
            with suppress(OSError):
                self.socket.unlink()

    async def _listen(self) -> None:
        async for chunk in self._child.chunks(stderr=True):
            self._said += chunk
            self.heard += len(chunk)
            del self._said[:-SAID_LIMIT]


class AdoptedMaster:
    """A master of the person, or of `expsyncd login`: used while it lives, never ended by us."""

    adopted = True

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def gone(self) -> None:
        """Return when the master has ended: it then closes the silent connection that we hold."""
        try:
            reader, writer = await asyncio.open_unix_connection(self.socket)
        except OSError:
            return
        try:
            with suppress(ConnectionResetError):
                while await reader.read(1 << 12):
                    pass
        finally:
            writer.close()

    async def stop(self) -> None:
        """Not ours to end."""

    def cpu_s(self) -> float | None:
        """None: of a process that is not our child nobody says that its number is still its own."""
        return None
