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
# tells most; one that the person opened has no ServerAlive unless their config says so, and its silence, too,
# is to be noticed within 30 s.
ROUND_TRIP_EVERY_S = 60.0
ADOPTED_ROUND_TRIP_EVERY_S = 12.0
ROUND_TRIP_TIMEOUT_S = 8.0
FAILURES_MEAN_LOST = 2  # one may be a host out of processes for a moment
# After sleep or a change of the network most connections are dead: one silence, much longer than the host's
# answers have taken so far, is enough. Should it live after all, the price is one login.
SOON_S = 1.0
MUCH_LONGER = 3


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
        self._soon = False
        self._heard_at = 0.0
        self._quickest_s = timeout_s

    def calm(self) -> None:
        """A new connection begins: doubts of the one before are void, and so is what it took."""
        self._doubt.clear()
        self._soon = False
        self._quickest_s = self._timeout_s

    def doubt(self, *, soon: bool = False) -> None:
        """Look at once whether the host still answers; `soon`: it probably does not, so do not wait long."""
        self._soon = self._soon or soon
        self._doubt.set()

    def heard(self, took_s: float | None = None) -> None:
        """Something came from the host just now, the whole answer to a command within `took_s`."""
        self._heard_at = asyncio.get_running_loop().time()
        if took_s is not None:
            self._quickest_s = min(self._quickest_s, took_s)

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
            soon, self._soon = self._soon, False
            self._doubt.clear()
            if await self._comes_back(self._soon_s() if soon else self._timeout_s):
                failures = 0
            else:
                failures = FAILURES_MEAN_LOST if soon else failures + 1

    def _soon_s(self) -> float:
        return min(self._timeout_s, max(SOON_S, MUCH_LONGER * self._quickest_s))

    async def _comes_back(self, timeout_s: float) -> bool:
        """One real round trip; `-O check` and a lingering TCP connection say nothing about the host."""
        try:
            completed = await self._ask("true", timeout_s=timeout_s)
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
