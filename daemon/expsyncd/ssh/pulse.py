"""Pulse: notices by round trips that a host no longer answers, however alive its master looks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem

if TYPE_CHECKING:
    from expsyncd.process import Completed

# A round trip costs 8 ms of CPU here and a login shell there (measured), and of our own master ServerAlive
# tells most; one that the person opened has no ServerAlive unless their config says so.
ROUND_TRIP_EVERY_S = 60.0
ADOPTED_ROUND_TRIP_EVERY_S = 20.0
ROUND_TRIP_TIMEOUT_S = 10.0
FAILURES_MEAN_LOST = 2  # one may be a host out of processes for a moment


class Ask(Protocol):
    """Runs a command on the host."""

    async def __call__(self, remote: str, *, timeout_s: float) -> Completed:
        """Raises Error when it cannot be run."""
        ...


class Pulse:
    """`stopped` beside whatever uses the connection; `heard` saves round trips, `doubt` asks for one now."""

    def __init__(self, ask: Ask, *, every_s: float | None, timeout_s: float) -> None:
        """`every_s` None: as often as the kind of master needs it."""
        self._ask = ask
        self._every_s = every_s
        self._timeout_s = timeout_s
        self._doubt = asyncio.Event()
        self._heard_at = 0.0

    def calm(self) -> None:
        """A new connection begins: doubts of the one before are void."""
        self._doubt.clear()

    def doubt(self) -> None:
        """Look at once whether the host still answers."""
        self._doubt.set()

    def heard(self) -> None:
        """Something came from the host just now."""
        self._heard_at = asyncio.get_running_loop().time()

    def silent_for_s(self) -> float:
        """Seconds since something came."""
        return asyncio.get_running_loop().time() - self._heard_at

    async def stopped(self, *, adopted: bool) -> None:
        """Return when the host has not answered twice in a row."""
        every_s = self._every_s
        if every_s is None:
            every_s = ADOPTED_ROUND_TRIP_EVERY_S if adopted else ROUND_TRIP_EVERY_S
        failures = 0
        while failures < FAILURES_MEAN_LOST:
            if not failures:
                try:
                    async with asyncio.timeout(max(0.0, every_s - self.silent_for_s())):
                        await self._doubt.wait()
                except TimeoutError:
                    if self.silent_for_s() < every_s:
                        continue
            self._doubt.clear()
            failures = 0 if await self._comes_back() else failures + 1

    async def _comes_back(self) -> bool:
        """One real round trip; `-O check` and a lingering TCP connection say nothing about the host."""
        try:
            completed = await self._ask("true", timeout_s=self._timeout_s)
        except ConnectionProblem as problem:
            # That it refuses is an answer, too.
            answered = problem.diagnosis.kind is Kind.NO_PLACE
        except Error:  # no ssh could be started here: nothing is known
            answered = False
        else:
            answered = not completed.timed_out
        if answered:
            self.heard()
        return answered
