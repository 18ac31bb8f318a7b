"""Gateways: one master for each hop before hosts, shared, so that each gateway is logged in to once."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis, diagnose
from expsyncd.ssh.login import Login
from expsyncd.ssh.master import OwnMaster
from expsyncd.ssh.retry import Backoff

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.ssh.login import Setting
    from expsyncd.ssh.master import Master

LAST_WORDS_S = 0.5  # the master's words may come a moment after the refusal
POLL_S = 0.02
_REFUSED = re.compile(r"^channel \d+: open failed: (.*?)\r?$", re.MULTILINE)
STEADY_S = 10.0  # between two attempts at a gateway, however many hosts wait behind it


@dataclass
class _Gate:
    login: Login
    backoff: Backoff
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    master: Master | None = None
    failures: int = 0
    problem: ConnectionProblem | None = None
    tried_at: float = float("-inf")


class Gateways:
    """`hold` a hop before what lies behind it; `run` beside that; `close` at the end."""

    def __init__(self, setting: Setting, clock: Clock) -> None:
        self._setting = setting
        self._clock = clock
        self._gates: dict[str, _Gate] = {}
        self._opened: asyncio.Queue[OwnMaster] = asyncio.Queue()

    def login(self, hop: str, destination: Sequence[str]) -> Login:
        """The Login of a hop."""
        return self._gate(hop, destination).login

    async def hold(self, hop: str, destination: Sequence[str], way: str | None) -> Path:
        """The socket of a live master of `hop`, opened if there is none; `way` leads to the hop.

        Raises ConnectionProblem that names the hop.
        """
        gate = self._gate(hop, destination)
        failures = gate.failures
        async with gate.lock:
            if gate.failures > failures and gate.problem is not None:
                raise gate.problem  # what somebody else found out while we waited for our turn
            try:
                if not await self._lives(gate):
                    await self._open(gate, way)
            except ConnectionProblem as problem:
                gate.failures += 1
                found = problem.diagnosis
                title = f"at the gateway {hop}: {found.title}"
                gate.problem = ConnectionProblem(replace(found, title=title))
                raise gate.problem from problem
            assert gate.master is not None
            return gate.master.socket

    def owns(self, socket: Path) -> bool:
        """Whether the master at `socket` is one that we opened."""
        masters = [gate.master for gate in self._gates.values()]
        return any(isinstance(master, OwnMaster) and master.socket == socket for master in masters)

    def heard(self, hop: str) -> int:
        """A mark in what the master of `hop` says; for `refusal`."""
        master = self._gates[hop].master if hop in self._gates else None
        return master.heard if isinstance(master, OwnMaster) else 0

    async def refusal(self, hop: str, heard: int, alias: str) -> Diagnosis | None:
        """Why the gateway would not lead on to `alias`, by what its master said after the mark `heard`.

        None when it said nothing, or several things: they may be about other hosts.
        """
        master = self._gates[hop].master if hop in self._gates else None
        if not isinstance(master, OwnMaster):
            return None
        deadline = self._clock.monotonic() + LAST_WORDS_S
        while not (found := set(_REFUSED.findall(master.said_since(heard)))):
            if self._clock.monotonic() > deadline:
                return None
            await asyncio.sleep(POLL_S)
        if len(found) > 1:
            return None
        words = f"channel 0: open failed: {found.pop()}\nstdio forwarding failed\n"
        told = diagnose(words, 255, alias=alias)
        return replace(told, title=told.title.replace("the jump host", f"the gateway {hop}"))

    async def run(self) -> None:
        """Read what our masters say, so that none is stopped by a full pipe; cancelled, it ends them."""
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    master = await self._opened.get()
                    group.create_task(_end(master), name=f"gateway master {master.pid}")
        finally:
            await self.close()

    async def keep_only(self, hops: set[str]) -> None:
        """Let go of the gateways that no host uses any more."""
        for hop in [hop for hop in self._gates if hop not in hops]:
            await self._let_go(self._gates[hop])  # its attempts of the last minute still count

    async def close(self) -> None:
        """End our masters; those of the person stay."""
        await self.keep_only(set())

    async def _open(self, gate: _Gate, way: str | None) -> None:
        await self._let_go(gate)
        async for master in gate.login.masters():
            gate.master = master
            return
        await gate.login.refuse_in_vain()
        await asyncio.sleep(max(gate.backoff.held_s(), gate.tried_at + STEADY_S - self._clock.monotonic()))
        gate.tried_at = self._clock.monotonic()
        gate.backoff.attempt()
        gate.master = own = await gate.login.attempt(way)
        gate.tried_at = float("-inf")
        self._opened.put_nowait(own)

    async def _lives(self, gate: _Gate) -> bool:
        master = gate.master
        if master is None or (isinstance(master, OwnMaster) and master.code is not None):
            return False  # who answers at the socket of one that has ended is somebody else
        return await gate.login.lives(master.socket)

    async def _let_go(self, gate: _Gate) -> None:
        master, gate.master = gate.master, None
        if master is not None:
            await master.stop()

    def _gate(self, hop: str, destination: Sequence[str]) -> _Gate:
        if hop not in self._gates:
            chance = random.Random()  # noqa: S311 - jitter, no secret
            self._gates[hop] = _Gate(Login(hop, destination, self._setting), Backoff(chance, self._clock))
        return self._gates[hop]


async def _end(master: OwnMaster) -> None:
    """Read what it says, and see that nothing of it is left once it has ended."""
    await master.gone()
    await master.stop()
