"""The one OpenSSH connection of a host: opens it, rides on it, notices its loss."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from expsyncd.clock import Clock, SystemClock
from expsyncd.errors import Error
from expsyncd.paths import PRIVATE_FOLDER
from expsyncd.process import OUTPUT_LIMIT, Completed, run
from expsyncd.ssh import command, probe
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import (
    ConnectionProblem,
    Diagnosis,
    agent_silent,
    diagnose,
    no_rsync,
    no_shell,
    noisy_shell,
    unanswered,
)
from expsyncd.ssh.master import AdoptedMaster, Master, OwnMaster, is_own_socket
from expsyncd.ssh.probe import Link
from expsyncd.ssh.pulse import ROUND_TRIP_TIMEOUT_S, Pulse
from expsyncd.ssh.ride import SSH_FAILED, Ride
from expsyncd.ssh.route import Router

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["Connection", "ConnectionProblem", "Link"]

AGENT_TIMEOUT_S = 2.0


class Connection:
    """`open`, then `lost` beside whatever uses it, then `close`; may be opened again."""

    def __init__(
        self,
        alias: str,
        *,
        socket_dir: Path,
        ssh_options: Sequence[str] = (),
        connect_timeout_s: float = 15.0,
        clock: Clock | None = None,
        environment: Mapping[str, str] | None = None,
        round_trip_every_s: float | None = None,
        round_trip_timeout_s: float = ROUND_TRIP_TIMEOUT_S,
    ) -> None:
        """`ssh_options`: argv right behind `ssh`. Raises Error for an impossible alias or socket path."""
        self.alias = command.checked_alias(alias)
        self._socket = command.socket_path(socket_dir, alias)
        self._options = tuple(ssh_options)
        self._connect_timeout_s = connect_timeout_s
        self._clock = clock or SystemClock()
        self._environment = _environment(os.environ if environment is None else environment)
        self._router = Router(self._options, self._environment, connect_timeout_s, socket_dir)
        self._master: Master | None = None
        self._pulse = Pulse(self.command, every_s=round_trip_every_s, timeout_s=round_trip_timeout_s)

    # --- for its owner ------------------------------------------------------------------------------

    async def open(self) -> Link:
        """One attempt, every part of it under a deadline.

        Raises ConnectionProblem; nothing of ours is then left running.
        """
        await self.close()
        self._pulse.calm()
        try:
            self._socket.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            return await self._adopt() or await self._start()
        except BaseException as error:
            await self.close()
            if isinstance(error, ConnectionProblem):
                raise
            if isinstance(error, Error):
                raise _ours(error.title, error.advice) from error
            if isinstance(error, OSError):
                raise _ours(f"{error.filename or self._socket}: {error.strerror}", retry=True) from error
            raise

    async def lost(self) -> ConnectionProblem:
        """Return when the connection is over (master ended, no round trips); nothing of ours is left."""
        master = self._master
        if master is None:
            return _not_connected()
        async with asyncio.TaskGroup() as group:
            gone = group.create_task(master.gone(), name=f"end of the master of {self.alias}")
            silent = group.create_task(
                self._pulse.stopped(adopted=self.adopted), name=f"round trips to {self.alias}"
            )
            await asyncio.wait([gone, silent], return_when=asyncio.FIRST_COMPLETED)
            ended = gone.done()
            gone.cancel()
            silent.cancel()
        problem = (
            await self._end_of(master) if ended else ConnectionProblem(unanswered(self._pulse.silent_for_s()))
        )
        if self._master is master:
            await self.close()
        return problem

    async def close(self) -> None:
        """End our master and remove its socket; an adopted one stays."""
        master, self._master = self._master, None
        if master is not None:
            await master.stop()

    def doubt(self) -> None:
        """Look at once whether the host still answers: this machine slept, or something hangs."""
        self._pulse.doubt()

    def heard(self) -> None:
        """Something came over the master just now, say a pull: that saves a round trip of our own."""
        self._pulse.heard()

    # --- for whoever uses it ------------------------------------------------------------------------

    @property
    def adopted(self) -> bool:
        """Whether it rides on a master that is not ours and that outlives us."""
        return self._master is not None and self._master.adopted

    def rsh(self) -> str:
        """The value of rsync's -e. Raises ConnectionProblem when nothing is open."""
        return command.rsh(self._options, self._open_master().socket)

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = OUTPUT_LIMIT
    ) -> Completed:
        """Run `remote` by the login's shell, `data` on its stdin; how it ends is in the answer.

        Raises ConnectionProblem when the connection is not there or ends meanwhile.
        """
        master = self._open_master()
        ride = self._ride(master.socket)
        completed = await ride.command(remote, data=data, timeout_s=timeout_s, limit=limit)
        if completed.timed_out:
            self.doubt()
        elif completed.code != SSH_FAILED:
            self.heard()
        elif not await ride.master_lives():
            raise await self._end_of(master)
        return completed

    # --- opening ------------------------------------------------------------------------------------

    async def _adopt(self) -> Link | None:
        """Ride on a live master: one left by `expsyncd login` or another of ours, or the person's own."""
        if await self._lives(self._socket):
            # It may hold a second factor, so a host that is silent now does not cost it its socket.
            return await self._ask(AdoptedMaster(self._socket))
        self._socket.unlink(missing_ok=True)
        theirs = (await self._router.way(["--", self.alias])).control_path
        if theirs is None or not await self._lives(theirs):
            return None
        try:
            return await self._ask(AdoptedMaster(theirs))
        except ConnectionProblem as problem:
            if problem.diagnosis.kind in (Kind.UNANSWERED, Kind.CLOSED, Kind.NO_PLACE):
                return None
            raise

    async def _start(self) -> Link:
        """Log in with a master of our own."""
        argv = command.master(
            self._options,
            self._socket,
            self.alias,
            connect_timeout_s=self._connect_timeout_s,
            way=await self._router.proxy_command(["--", self.alias]),
        )
        # ConnectTimeout ends before the login does: a hanging agent, PAM or ProxyCommand needs ours.
        limit_s = 2 * self._connect_timeout_s
        master = await OwnMaster.start(argv, self._socket, self._environment)
        self._master = master
        try:
            async with asyncio.timeout(limit_s):
                up = await master.listening()
        except TimeoutError:
            raise ConnectionProblem(await self._why_so_slow(master, limit_s)) from None
        if not up:
            raise await self._end_of(master)
        return await self._ask(master)

    async def _why_so_slow(self, master: OwnMaster, limit_s: float) -> Diagnosis:
        found = diagnose(master.said(), None, alias=self.alias, limit_s=limit_s)
        if found.kind is Kind.TIMED_OUT and self._environment.get("SSH_AUTH_SOCK"):
            asked = await run(["ssh-add", "-l"], timeout_s=AGENT_TIMEOUT_S, environment=self._environment)
            if asked.timed_out:
                return agent_silent(self.alias)
        return found

    async def _ask(self, master: Master) -> Link:
        """Run the probe over `master`, which from then on is the connection's."""
        self._master = master
        completed = await self.command(
            probe.COMMAND, data=probe.SCRIPT, timeout_s=self._connect_timeout_s, limit=probe.OUTPUT_LIMIT
        )
        here_s = self._clock.now().timestamp()
        answer = probe.parse(completed.stdout)
        if answer is None:
            if completed.timed_out:
                raise ConnectionProblem(unanswered(self._connect_timeout_s))
            raise ConnectionProblem(
                no_shell(completed.stdout, completed.complaint, completed.code, self.alias)
            )
        if answer.stray:
            raise ConnectionProblem(noisy_shell(answer.stray, self.alias))
        if answer.rsync_path is None:
            raise ConnectionProblem(no_rsync(self.alias))
        round_trip_s = await self._ride(master.socket).round_trip_s(self._connect_timeout_s)
        if isinstance(master, OwnMaster):
            master.forget()
        return answer.link(round_trip_s, here_s, adopted=master.adopted)

    # --- small things -------------------------------------------------------------------------------

    def _ride(self, socket: Path) -> Ride:
        return Ride(self._options, socket, self.alias, self._environment)

    async def _lives(self, socket: Path) -> bool:
        return is_own_socket(socket) and await self._ride(socket).master_lives()

    def _open_master(self) -> Master:
        if self._master is None:
            raise _not_connected()
        return self._master

    async def _end_of(self, master: Master) -> ConnectionProblem:
        if not isinstance(master, OwnMaster):
            return ConnectionProblem(
                Diagnosis(Kind.CLOSED, "the ssh connection that you had opened is over", "")
            )
        code = await master.code_soon()
        if code is None:
            return ConnectionProblem(unanswered(self._pulse.silent_for_s()))
        return ConnectionProblem(diagnose(master.said(), code, alias=self.alias))


def _environment(whole: Mapping[str, str]) -> dict[str, str]:
    """Ours, so that agents and ProxyCommands work, but with messages we can read and without questions."""
    kept = {name: value for name, value in whole.items() if name not in ("SSH_ASKPASS", "LANGUAGE")}
    return {**kept, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


def _ours(title: str, advice: str = "", *, retry: bool = False) -> ConnectionProblem:
    return ConnectionProblem(Diagnosis(Kind.OUR_SIDE, title, advice, retry=retry))


def _not_connected() -> ConnectionProblem:
    return ConnectionProblem(Diagnosis(Kind.CLOSED, "not connected", ""))
