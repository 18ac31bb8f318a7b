"""The one OpenSSH connection of a host: opens it, rides on it, notices its loss."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.clock import Clock, SystemClock
from expsyncd.errors import Error
from expsyncd.paths import PRIVATE_FOLDER
from expsyncd.process import OUTPUT_LIMIT, Completed
from expsyncd.ssh import command
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, diagnose, not_connected, ours, unanswered
from expsyncd.ssh.finding import Wished, find_out
from expsyncd.ssh.forwarding import Forwarding
from expsyncd.ssh.login import Login, Setting, quiet
from expsyncd.ssh.loss import noticed
from expsyncd.ssh.master import Master, OwnMaster
from expsyncd.ssh.news import something_new
from expsyncd.ssh.patience import CONNECT_S
from expsyncd.ssh.probe import Link
from expsyncd.ssh.pulse import ROUND_TRIP_TIMEOUT_S, Pulse
from expsyncd.ssh.ride import SSH_FAILED
from expsyncd.ssh.vain import VainLogins

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from expsyncd.process import Child
    from expsyncd.ssh.gateways import Gateways
    from expsyncd.ssh.sftp import Sftp

__all__ = ["Connection", "ConnectionProblem", "Link"]

# For the host's first probe: login shells that load a dozen modules have been seen to take ten seconds.
ANSWER_TIMEOUT_S = 20.0
# What a master of the person may say for which one of our own is better.
SILENT = (Kind.UNANSWERED, Kind.CLOSED, Kind.NO_PLACE)


class Connection:
    """`open`, then `lost` beside whatever uses it, then `close`; may be opened again."""

    def __init__(
        self,
        alias: str,
        *,
        socket_dir: Path,
        ssh_options: Sequence[str] = (),
        connect_timeout_s: float = CONNECT_S,
        answer_timeout_s: float = ANSWER_TIMEOUT_S,
        clock: Clock | None = None,
        environment: Mapping[str, str] | None = None,
        round_trip_every_s: float | None = None,
        round_trip_timeout_s: float = ROUND_TRIP_TIMEOUT_S,
        vain: VainLogins | None = None,
        gateways: Gateways | None = None,
        transport: Wished = "auto",
        crowded: Callable[[], bool] = lambda: False,
    ) -> None:
        """`ssh_options`: argv right behind `ssh`. `vain`, `gateways` are of all hosts, `crowded`: many.

        Raises Error for an impossible alias or socket path.
        """
        self.alias = command.checked_alias(alias)
        self._destination = ("--", self.alias)
        self._clock = clock or SystemClock()
        self._connect_timeout_s = connect_timeout_s
        self._answer_timeout_s = answer_timeout_s
        self._transport: Wished = transport
        self._setting = Setting(
            socket_dir,
            tuple(ssh_options),
            quiet(os.environ if environment is None else environment),
            connect_timeout_s,
            vain or VainLogins(),
            crowded,
        )
        self._router = self._setting.router
        self._login = Login(self.alias, self._destination, self._setting)
        self._gateways = gateways
        self._hops: dict[str, list[str]] = {}
        self._master: Master | None = None
        self._over = not_connected()  # what is said to whoever asks something of a connection that is over
        self._pulse = Pulse(self.command, every_s=round_trip_every_s, timeout_s=round_trip_timeout_s)

    # --- for its owner ------------------------------------------------------------------------------

    async def open(self, turn: Callable[[], Awaitable[None]] | None = None) -> Link:
        """Ride on a live master, or make one attempt to log in; every part of it under a deadline.

        `turn` is awaited before an attempt, and only then. Raises ConnectionProblem; nothing of ours is then
        left running.
        """
        await self.close()
        self._over = not_connected()
        self._pulse.calm()
        try:
            self._login.socket.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            return await self._adopt() or await self._start(turn)
        except BaseException as error:
            await self.close()
            if isinstance(error, ConnectionProblem):
                raise
            if isinstance(error, Error):
                raise ours(error.title, error.advice) from error
            if isinstance(error, OSError):
                place = error.filename or self._login.socket
                raise ours(f"{place}: {error.strerror}", retry=True) from error
            raise

    async def lost(self) -> ConnectionProblem:
        """Return when the connection is over (master ended, no round trips); nothing of ours is left."""
        master = self._master
        if master is None:
            return not_connected()
        problem = await noticed(master, self._pulse, adopted=self.adopted) or await self._end_of(master)
        self._over = problem
        if self._master is master:
            await self.close()
        return problem

    async def close(self) -> None:
        """End our master and remove its socket; an adopted one stays."""
        master, self._master = self._master, None
        if master is not None:
            await master.stop()

    def doubt(self, *, soon: bool = False) -> None:
        """Look at once whether the host still answers; `soon`: this machine slept, or its network changed."""
        self._pulse.doubt(soon=soon)

    def give_up(self) -> None:
        """End an attempt that is under way: it began in another network, or before this machine slept."""
        for login in self._logins():
            login.give_up()

    async def forgive(self) -> None:
        """The person wishes an attempt: what had failed for good is tried again where that may help."""
        for login in self._logins():
            await login.forgive()

    async def something_new(self) -> None:
        """Return when, after a failure for good, there is something to try: a login, keys, a config.

        Opens no connection; what failed for other reasons than the login is worth a try now and then.
        """
        await something_new(self._logins)

    def _logins(self) -> list[Login]:
        gateways = self._gateways
        hops = [gateways.login(*hop) for hop in self._hops.items()] if gateways is not None else []
        return [self._login, *hops]

    def heard(self) -> None:
        """Something came over the master just now, say a pull: that saves a round trip of our own."""
        self._pulse.heard()

    # --- for whoever uses it ------------------------------------------------------------------------

    @property
    def adopted(self) -> bool:
        """Whether it rides on a master that is not ours and that outlives us."""
        master = self._master
        if master is None or not master.adopted:
            return False
        return self._gateways is None or not self._gateways.owns(master.socket)

    async def note_typed(self, names: AbstractSet[str]) -> None:
        """The person had to type something for logins of these names: without them there is no other one."""
        for login in self._logins():
            if login.name in names:
                await login.note_typed()

    @property
    def hops(self) -> set[str]:
        """The gateways on the way, as far as they are known yet."""
        return set(self._hops)

    def rsh(self) -> str:
        """The value of rsync's -e. Raises ConnectionProblem when nothing is open."""
        return command.rsh(self._setting.options, self._open_master().socket)

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = OUTPUT_LIMIT
    ) -> Completed:
        """Run `remote` by the login's shell, `data` on its stdin; how it ends is in the answer.

        Raises ConnectionProblem when the connection is not there or ends meanwhile.
        """
        master = self._open_master()
        ride = self._login.ride(master.socket)
        began = self._clock.monotonic()
        completed = await ride.command(remote, data=data, timeout_s=timeout_s, limit=limit)
        if completed.timed_out:
            self.doubt()
        elif completed.code != SSH_FAILED:
            self._pulse.heard(self._clock.monotonic() - began)
        elif not await ride.master_lives():
            raise await self._end_of(master)
        return completed

    async def start(self, remote: str) -> Child:
        """Start a long-lived command; the caller stops it. Raises Error."""
        return await self._login.ride(self._open_master().socket).start(remote)

    async def sftp(self, *, wait: bool = True) -> Sftp:
        """A conversation with the host's sftp; the caller closes it. Raises ConnectionProblem.

        `wait`: for a place where the host allows few at a time.
        """
        master = self._open_master()
        ride = self._login.ride(master.socket)
        try:
            sftp = await ride.sftp(self._connect_timeout_s, wait=wait)
        except ConnectionProblem as problem:
            if not await ride.master_lives():
                raise await self._end_of(master) from problem
            raise
        self.heard()
        return sftp

    def forwarding(self) -> Forwarding:
        """Forwards over this connection. Raises ConnectionProblem when nothing is open."""
        return Forwarding(self._open_master(), self.alias, self._setting.environment)

    # --- opening ------------------------------------------------------------------------------------

    async def _adopt(self) -> Link | None:
        """Ride on a live master: one left by `expsyncd login` or another of ours, or the person's own."""
        async for master in self._login.masters():
            try:
                return await self._ask(master)
            except ConnectionProblem as problem:
                # Ours may hold a second factor, so a host that is silent now does not cost it its socket.
                if master.socket == self._login.socket or problem.diagnosis.kind not in SILENT:
                    raise
        return None

    async def _start(self, turn: Callable[[], Awaitable[None]] | None) -> Link:
        """Log in with a master of our own, unless that is known to be in vain."""
        await self._login.refuse_in_vain()
        if turn is not None:
            await turn()
        hold = None
        if self._gateways is not None:
            hold = self._gateways.hold
            self._hops = await self._router.hops(self._destination)
        try:
            way = await self._router.proxy_command(self._destination, hold)
        except ConnectionProblem as problem:
            raise self._on_the_way(problem) from problem
        last = next(reversed(self._hops), "")
        heard = self._gateways.heard(last) if self._gateways is not None else 0
        try:
            master = await self._login.attempt(way)
        except ConnectionProblem as problem:
            if self._gateways is None or problem.diagnosis.kind is not Kind.HOP_CANNOT_REACH:
                raise
            told = await self._gateways.refusal(last, heard, self.alias)
            raise ConnectionProblem(told or problem.diagnosis) from problem
        return await self._ask(master)

    def _on_the_way(self, problem: ConnectionProblem) -> ConnectionProblem:
        found = problem.diagnosis
        return ConnectionProblem(replace(found, title=f"on the way to {self.alias}, {found.title}"))

    async def _ask(self, master: Master) -> Link:
        """Ask what the host has over `master`, which from then on is the connection's."""
        self._master = master
        link = await find_out(
            self,
            self._login.ride(master.socket).measure,
            self._transport,
            self._clock,
            adopted=master.adopted,
            limit_s=self._answer_timeout_s,
        )
        if isinstance(master, OwnMaster):
            master.forget()
        return link

    # --- small things -------------------------------------------------------------------------------

    def _open_master(self) -> Master:
        if self._master is None:
            raise self._over
        return self._master

    async def _end_of(self, master: Master) -> ConnectionProblem:
        if not isinstance(master, OwnMaster):
            return await self._login.over()
        code = await master.code_soon()
        if code is None:
            return ConnectionProblem(unanswered(self._pulse.silent_for_s()))
        return ConnectionProblem(diagnose(master.said(), code, alias=self.alias))
