"""Login: the master of one destination, found alive or opened by an attempt that is not in vain."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.process import run
from expsyncd.ssh import command
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis, agent_silent, diagnose, socket_taken
from expsyncd.ssh.hello import greets
from expsyncd.ssh.host_keys import with_both_fingerprints
from expsyncd.ssh.master import AdoptedMaster, OwnMaster, is_own_socket
from expsyncd.ssh.means import Means
from expsyncd.ssh.patience import CONNECT_S, Patience
from expsyncd.ssh.ride import Ride
from expsyncd.ssh.route import Router
from expsyncd.ssh.vain import HOST_KEYS, VainLogins

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

AGENT_TIMEOUT_S = 2.0
# Where nothing listens ssh itself tries again each second: a host that comes up is seen within three, and no
# sshd hears of it. Of many hosts all would be there in the same second, so they keep their turns.
TRIES_WHERE_NOTHING_LISTENS = 8
# ssh says so of a host that took no connection; its other words of silence are those of a slow one.
NEVER_CONNECTED = "connect to host"


@dataclass(frozen=True)
class Setting:
    """How every ssh of ours is run: argv right behind `ssh`, environment, where sockets are.

    `crowded`: whether there are many hosts now.
    """

    socket_dir: Path
    options: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    connect_timeout_s: float = CONNECT_S
    vain: VainLogins = field(default_factory=VainLogins)
    crowded: Callable[[], bool] = lambda: False

    @property
    def router(self) -> Router:
        """Finds ways by the person's ssh_config."""
        return Router(self.options, self.environment, self.connect_timeout_s, self.socket_dir)


def quiet(whole: Mapping[str, str]) -> dict[str, str]:
    """Ours, so that agents and ProxyCommands work, but with messages we can read and without questions."""
    kept = {name: value for name, value in whole.items() if name not in ("SSH_ASKPASS", "LANGUAGE")}
    return {**kept, "LC_ALL": "C", "SSH_ASKPASS_REQUIRE": "never"}


class Login:
    """Knows where masters of a destination may be, what a login can try with, what came of the last."""

    def __init__(self, name: str, destination: Sequence[str], setting: Setting) -> None:
        """`name`: the alias, or a ProxyJump's word for a hop; `destination`: argv for ssh.

        Raises Error for an impossible socket path.
        """
        self.name = name
        self.socket = command.socket_path(setting.socket_dir, name)
        self._destination = tuple(destination)
        self._setting = setting
        self._vain = setting.vain
        self._router = setting.router
        self._patience = Patience(setting.connect_timeout_s)
        self._nothing_listens = False
        self._opening: OwnMaster | None = None
        config_files = _config_files(setting.options, setting.environment)
        self.means = Means(self._router, self._destination, setting.environment, config_files)

    # --- masters that are there ---------------------------------------------------------------------

    async def masters(self) -> AsyncIterator[AdoptedMaster]:
        """Live ones: at our path, from `expsyncd login` or another of ours; then the person's own."""
        if await self.lives(self.socket):
            yield AdoptedMaster(self.socket)
        theirs = (await self._router.way(self._destination)).control_path
        if theirs is not None and theirs != self.socket and await self.lives(theirs):
            yield AdoptedMaster(theirs)

    async def any_master(self) -> bool:
        """Whether there is a live one; none where the person's config is broken now."""
        with suppress(ConnectionProblem):
            async for _ in self.masters():
                return True
        return False

    async def lives(self, socket: Path) -> bool:
        """Whether a master of this user answers at `socket`; says nothing about the host."""
        return is_own_socket(socket) and await self.ride(socket).master_lives()

    def ride(self, socket: Path) -> Ride:
        """What runs commands over the master at `socket`."""
        return Ride(self._setting.options, socket, self.name, self._setting.environment)

    # --- logging in ---------------------------------------------------------------------------------

    async def refuse_in_vain(self) -> None:
        """Raise the last login's ConnectionProblem if another one could only fail like it."""
        if await self.in_vain():
            vain = self._vain.about(self.name)
            assert vain is not None
            raise ConnectionProblem(vain.diagnosis)

    async def in_vain(self) -> bool:
        """Whether the last login failed and there is nothing new to try with."""
        vain = self._vain.about(self.name)
        if vain is None:
            return False
        digest = await self._digest(vain.diagnosis.kind)
        return digest is None or digest == vain.digest  # a silent agent is nothing new to try with

    async def attempt(self, way: str | None) -> OwnMaster:
        """One login with a master of our own; `way` stands for the ProxyJump.

        Raises ConnectionProblem; nothing is then left running.
        """
        if is_own_socket(self.socket) and await greets(self.socket):
            # The person has logged in since we looked, while the attempt waited for its turn.
            raise ConnectionProblem(socket_taken())
        self.socket.unlink(missing_ok=True)  # nobody answered there, and ssh would not listen beside it
        argv = command.master(
            self._setting.options,
            self.socket,
            self._destination,
            connect_timeout_s=self._patience.connect_s,
            way=way,
            tries=TRIES_WHERE_NOTHING_LISTENS if self._nothing_listens and not self._setting.crowded() else 1,
        )
        began = time.monotonic()
        self._opening = master = await OwnMaster.start(argv, self.socket, self._setting.environment)
        try:
            await self._through(master)
            self._patience.worked(time.monotonic() - began)
            self._nothing_listens = False
            await self._vain.forget(self.name)  # in facts.db, so it may fail or be cancelled, too
        except BaseException as error:
            await master.stop()
            if isinstance(error, ConnectionProblem):
                self._learn(error.diagnosis.kind, master.said())
                await self._note(error)
            raise
        finally:
            self._opening = None
        return master

    def give_up(self) -> None:
        """End an attempt that is under way, since another one can do better."""
        if self._opening is not None:
            self._opening.give_up()

    def _learn(self, kind: Kind, said: str) -> None:
        self._nothing_listens = kind in (Kind.REFUSED, Kind.UNREACHABLE)
        self._patience.failed(slowly=kind is Kind.TIMED_OUT and NEVER_CONNECTED not in said)

    async def _through(self, master: OwnMaster) -> None:
        # ConnectTimeout ends before the login does: a hanging agent, PAM or ProxyCommand needs ours.
        limit_s = self._patience.login_s
        up = await master.listening(limit_s)
        if up is None:
            raise ConnectionProblem(await self._why_so_slow(master, limit_s))
        if not up:
            code = await master.code_soon()
            said = master.said()
            raise ConnectionProblem(with_both_fingerprints(diagnose(said, code, alias=self.name), said))

    async def note_typed(self) -> None:
        """The person had to type something for the master that lives: another login needs them again."""
        kind = Kind.SECOND_FACTOR
        title = "the login needs something that only you can type"
        advice = f"run `expsyncd login {self.name}`"
        await self._note(ConnectionProblem(Diagnosis(kind, title, advice, retry=False, needs_login=True)))

    @property
    def failed(self) -> bool:
        """Whether the last login failed in a way that only the person can mend."""
        return self._vain.about(self.name) is not None

    async def forgive(self) -> None:
        """The person wishes an attempt: grant it where it may help."""
        await self._vain.forgive(self.name)

    async def over(self) -> ConnectionProblem:
        """Why nothing comes after a master that was not ours has ended."""
        if await self.in_vain():
            vain = self._vain.about(self.name)
            assert vain is not None
            return ConnectionProblem(vain.diagnosis)
        return ConnectionProblem(Diagnosis(Kind.CLOSED, "the ssh connection that you had opened is over", ""))

    async def _note(self, problem: ConnectionProblem) -> None:
        digest = await self._digest(problem.diagnosis.kind)
        await self._vain.note(self.name, digest or "", problem)

    async def _digest(self, kind: Kind) -> str | None:
        return await self.means.digest(of_host_key=kind in HOST_KEYS)

    async def _why_so_slow(self, master: OwnMaster, limit_s: float) -> Diagnosis:
        found = diagnose(master.said(), None, alias=self.name, limit_s=limit_s)
        if found.kind is Kind.TIMED_OUT and self._setting.environment.get("SSH_AUTH_SOCK"):
            asked = await run(
                ["ssh-add", "-l"], timeout_s=AGENT_TIMEOUT_S, environment=self._setting.environment
            )
            if asked.timed_out:
                return agent_silent(self.name)
        return found


def _config_files(options: Sequence[str], environment: Mapping[str, str]) -> list[Path]:
    """The ssh_config files in force, as far as they are known without reading them."""
    named = [Path(word) for flag, word in pairwise(options) if flag == "-F"]
    if named:
        return named
    home = environment.get("HOME")
    system = Path("/etc/ssh/ssh_config")
    return [Path(home) / ".ssh" / "config", system] if home else [system]
