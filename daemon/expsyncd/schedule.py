"""The clock of the daemon: APScheduler behind two methods, and a ticker that notices sleep and clock steps.

Jobs only make wishes. A late job runs once (coalesce), however late (no misfire grace).
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from expsyncd.config.model import Cron, Every
from expsyncd.pace import rest
from expsyncd.ssh.retry import spread

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.clock import Clock

logger = logging.getLogger(__name__)

# A look at two clocks: sleep is noticed within a second, and the pulls after it are here within five.
TICK_S = 1.0
# The two clocks of a busy machine drift apart by milliseconds; a jump of this much is sleep or a step.
JUMP_S = 5.0


class Schedule:
    """`arm` and `disarm` wishes by key; `run` drives them and calls `on_wake` after a jump of the clocks."""

    def __init__(self, clock: Clock, on_wake: Callable[[], None]) -> None:
        self._clock = clock
        self._on_wake = on_wake
        self._armed: dict[str, tuple[Every | Cron, Callable[[], None], str]] = {}
        self._scheduler = AsyncIOScheduler(
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )
        self.ticked_at = clock.monotonic()

    def arm(self, key: str, interval: Every | Cron, wish: Callable[[], None], *, spread_by: str) -> None:
        """Make `wish` at every `interval`, shifted within it by a hash of `spread_by`; replaces the old."""
        self._armed[key] = (interval, wish, spread_by)
        self._add(key, interval, wish, spread_by)

    def disarm(self, key: str) -> None:
        """Make no more wishes for `key`; unknown keys are fine."""
        if self._armed.pop(key, None) is not None:
            self._scheduler.remove_job(key)

    def keep_only(self, keys: set[str]) -> None:
        """Disarm everything else."""
        for key in set(self._armed) - keys:
            self.disarm(key)

    def next_at(self, key: str, after: datetime | None = None) -> datetime | None:
        """When the next wish is due, or the first one at or after a moment."""
        job = self._scheduler.get_job(key)
        found = getattr(job, "next_run_time", None)
        if after is not None and isinstance(found, datetime) and found < after:
            found = job.trigger.get_next_fire_time(None, after)
        return found if isinstance(found, datetime) else None

    async def run(self) -> None:
        """Drive the wishes until cancelled."""
        self._scheduler.start()
        self._rearm()  # its shutdown forgot all jobs, where this is started again
        try:
            await self._tick()
        finally:
            self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        wall, steady = self._clock.now(), self._clock.monotonic()
        while True:
            await rest(TICK_S)
            now, now_steady = self._clock.now(), self._clock.monotonic()
            jump_s = (now - wall).total_seconds() - (now_steady - steady)
            wall, steady = now, now_steady
            self.ticked_at = now_steady
            if abs(jump_s) >= JUMP_S:
                logger.info("the clock jumped by %.0f s (sleep or a clock step): pulling at once", jump_s)
                self._rearm()
                self._on_wake()

    def _rearm(self) -> None:
        # After a step back APScheduler would wait for the old time to come round again.
        for key, (interval, wish, spread_by) in self._armed.items():
            self._add(key, interval, wish, spread_by)

    def _add(self, key: str, interval: Every | Cron, wish: Callable[[], None], spread_by: str) -> None:
        async def make() -> None:  # a plain function would run in a thread
            wish()

        self._scheduler.add_job(make, self._timing(interval, spread_by), id=key, replace_existing=True)

    def _timing(self, interval: Every | Cron, spread_by: str) -> IntervalTrigger | CronTrigger:
        if isinstance(interval, Cron):
            return CronTrigger.from_crontab(interval.line)
        period_s = interval.period.total_seconds()
        # The first pull is made at once by the host itself; the first wish falls into the second period's
        # own place, never earlier than half a period from now.
        first = period_s / 2 + spread(spread_by, period_s / 2)
        start = datetime.now().astimezone() + timedelta(seconds=first)
        return IntervalTrigger(seconds=period_s, start_date=start)
