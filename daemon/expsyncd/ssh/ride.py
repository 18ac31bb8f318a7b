"""What rides on a master: commands, the check of its socket, what it measures of the host."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from expsyncd.process import OUTPUT_LIMIT, Child, Completed, run
from expsyncd.ssh import command, probe
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, diagnose
from expsyncd.ssh.sftp import Sftp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

SSH_FAILED = 255  # ssh's own failure, or a command that happens to exit so
CHECK_TIMEOUT_S = 3.0  # a frozen master hangs even `-O check`
PLACE_POLL_S = 0.5  # between tries to get one of the host's MaxSessions; each costs 8 ms of CPU
PINGS = 3
ALONE_TIMEOUT_S = 5.0


class Measured(NamedTuple):
    """`round_trip_s`: no start of ssh or of a shell is in it. `alone`: one command at a time is allowed."""

    round_trip_s: float
    alone: bool


class Ride:
    """Runs ssh over the master at `socket`; without a master it fails (status 255), it never logs in."""

    def __init__(
        self, options: Sequence[str], socket: Path, alias: str, environment: Mapping[str, str]
    ) -> None:
        self._options = options
        self._socket = socket
        self._alias = alias
        self._environment = environment

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = OUTPUT_LIMIT
    ) -> Completed:
        """Run `remote` by the login's shell, waiting for a place where the host allows few at a time.

        Raises ConnectionProblem when there was no place in time.
        """
        argv = command.remote_command(self._options, self._socket, self._alias, remote)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            completed = await run(
                argv,
                timeout_s=max(0.0, deadline - loop.time()),
                data=data,
                limit=limit,
                environment=self._environment,
            )
            if completed.timed_out or completed.code != SSH_FAILED:
                return completed
            found = diagnose(completed.complaint, SSH_FAILED, alias=self._alias)
            if found.kind is not Kind.NO_PLACE:
                return completed
            if loop.time() + PLACE_POLL_S > deadline:
                raise ConnectionProblem(found)
            await asyncio.sleep(PLACE_POLL_S)

    async def start(self, remote: str) -> Child:
        """Start a long-lived `remote`; the caller stops it, and talks to it meanwhile. Raises Error."""
        argv = command.remote_command(self._options, self._socket, self._alias, remote)
        return await Child.start(argv, stdin=True, environment=self._environment)

    async def sftp(self, timeout_s: float, *, wait: bool = True) -> Sftp:
        """An sftp conversation with the host, waiting for a place as `command` does unless `wait` is False.

        Raises ConnectionProblem when it does not open in time.
        """
        argv = command.subsystem(self._options, self._socket, self._alias, "sftp")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            try:
                left_s = max(PLACE_POLL_S, deadline - loop.time())
                return await Sftp.open(argv, self._environment, self._alias, timeout_s=left_s)
            except ConnectionProblem as problem:
                over = not wait or loop.time() + PLACE_POLL_S > deadline
                if problem.diagnosis.kind is not Kind.NO_PLACE or over:
                    raise
            await asyncio.sleep(PLACE_POLL_S)

    async def master_lives(self) -> bool:
        """Whether a master answers at the socket; says nothing about the host."""
        argv = command.check(self._options, self._socket, self._alias)
        completed = await run(argv, timeout_s=CHECK_TIMEOUT_S, environment=self._environment)
        return completed.code == 0 and not completed.timed_out

    async def measure(self, limit_s: float) -> Measured:
        """Echo a few lines and meanwhile try a second command; `limit_s` is the answer of a silent host."""
        argv = command.remote_command(self._options, self._socket, self._alias, probe.ECHO_COMMAND)
        loop = asyncio.get_running_loop()
        shortest_s, alone = limit_s, False
        try:
            async with (
                asyncio.timeout(limit_s),
                await Child.start(
                    argv, stdin=True, environment=self._environment, stderr=asyncio.subprocess.DEVNULL
                ) as child,
            ):
                number, heard, began = 0, b"", loop.time()
                await child.write(b"ping 0\n")
                async for chunk in child.chunks():
                    heard += chunk
                    if len(heard) > probe.OUTPUT_LIMIT:
                        break  # that is no echo
                    if number < PINGS and b"ping %d\n" % number in heard:
                        shortest_s = min(shortest_s, loop.time() - began)
                        number, began = number + 1, loop.time()
                        if number < PINGS:
                            await child.write(b"ping %d\n" % number)
                        else:
                            alone = await self._alone()
                            await child.feed(b"")  # its end of file ends the echo
        except TimeoutError:
            pass
        return Measured(shortest_s, alone)

    async def _alone(self) -> bool:
        """Whether the host refuses another command beside the one that runs now."""
        argv = command.remote_command(self._options, self._socket, self._alias, "true")
        completed = await run(argv, timeout_s=ALONE_TIMEOUT_S, environment=self._environment)
        if completed.timed_out or completed.code != SSH_FAILED:
            return False
        return diagnose(completed.complaint, SSH_FAILED, alias=self._alias).kind is Kind.NO_PLACE
