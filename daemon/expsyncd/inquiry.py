"""What a host is asked again and again: never more often than said, ever less while it fails."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from expsyncd.redact import redact

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime, timedelta

    from expsyncd.clock import Clock
    from expsyncd.process import Completed
    from expsyncd.state.status import Trouble

logger = logging.getLogger(__name__)

LONGEST_S = 1800.0  # between two questions to what does not answer
# The pause is counted by the wall clock, which also runs while the laptop sleeps; a wait is not.
LOOK_S = 10.0
MOST_DOUBLINGS = 8
LONGEST_WORD = 200  # characters


class Commands(Protocol):
    """The part of a connection that asks."""

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = ...
    ) -> Completed:
        """Run a command on the host."""
        ...


@dataclass(frozen=True)
class Told:
    """How asking went. `failed`: ask less and less; `hopeless`: only the person can change it."""

    trouble: Trouble | None = None
    failed: bool = False
    hopeless: bool = False


class Inquiry:
    """`run` asks for the time of one connection; the pause is kept over all of them.

    `pause`: what is meant to lie between two questions now, None to ask nothing.
    """

    def __init__(
        self,
        what: str,
        clock: Clock,
        ask: Callable[[], Awaitable[Told]],
        pause: Callable[[], timedelta | None],
    ) -> None:
        self._what = what
        self._clock = clock
        self._ask = ask
        self._pause = pause
        self._failures = 0
        self._said = ""
        self._changed = asyncio.Event()
        self.asked_at: datetime | None = None

    def look(self) -> None:
        """Something changed that `pause` depends on."""
        self._failures = 0
        self._changed.set()

    async def run(self) -> None:
        """Ask when it is time; until cancelled."""
        self._failures = 0
        while True:
            await self._due()
            self.asked_at = self._clock.now()
            told = await self._ask()
            self._count(told)

    async def _due(self) -> None:
        while True:
            self._changed.clear()
            left_s = self.left_s()
            if left_s is not None and left_s <= 0:
                return
            # Not wait_for: before Python 3.12 it forgets a cancel in the moment of the wish.
            with suppress(TimeoutError):
                async with asyncio.timeout(None if left_s is None else min(left_s, LOOK_S)):
                    await self._changed.wait()

    def left_s(self) -> float | None:
        """Seconds until the next question; None while there is none."""
        pause = self._pause()
        if pause is None:
            return None
        if self.asked_at is None:
            return 0.0
        pause_s = pause.total_seconds()
        pause_s = max(pause_s, min(LONGEST_S, pause_s * 2.0**self._failures))
        # A clock that was set back must not make it wait for the old time to come round again.
        since_s = (self._clock.now() - self.asked_at).total_seconds()
        return min(pause_s, pause_s - since_s)

    def _count(self, told: Told) -> None:
        """The log hears of each trouble once, and of its end."""
        self._failures = min(self._failures + 1, MOST_DOUBLINGS) if told.failed else 0
        if told.hopeless:
            self._failures = MOST_DOUBLINGS
        title = told.trouble.title if told.trouble else ""
        if title and title != self._said:
            advice = told.trouble.advice if told.trouble else ""
            logger.warning("%s: %s%s", self._what, title, f" ({advice})" if advice else "")
        elif self._said and not title:
            logger.info("%s: answers again", self._what)
        self._said = title


def first_word(complaint: str) -> str:
    """What a host says in place of an answer: the first line, without secrets of its start-up files."""
    lines = complaint.strip().splitlines()
    return redact(lines[0])[:LONGEST_WORD] if lines else "it said nothing"
