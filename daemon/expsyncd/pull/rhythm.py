"""How often a source is pulled whole: at its interval, or rarely while a follower misses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from expsyncd.clock import Clock
    from expsyncd.state.follow import FollowState

COLD_AT_MOST = 2  # doublings: whole pulls of a source where nothing happens come up to four times as rarely


class Rhythm:
    """`healthy` is the follower's to set. `on_end` hears of the end of each full round that came through."""

    def __init__(self, clock: Clock, reconcile: timedelta) -> None:
        """`reconcile`: between two whole pulls of a source that is followed."""
        self.healthy = False
        self.on_end: Callable[[], None] = lambda: None
        self.complete_from: datetime | None = None
        self.owed_at: datetime | None = None
        self._clock = clock
        self._reconcile = reconcile
        self._quiet = 0  # whole pulls in a row that found nothing new
        self._arrival: object = None
        self._began: datetime | None = None
        self._failed = False  # the last full round: it is tried again at the interval, not at the reconcile
        self._after: Callable[[datetime | None], datetime | None] = lambda _: None

    def plan(self, after: Callable[[datetime | None], datetime | None]) -> None:
        """The schedule: when it first wishes a pull at or after a moment."""
        self._after = after

    def begins(self, moment: datetime) -> None:
        """A full round began."""
        self._began = moment

    def ended(self, began: datetime, *, complete: bool, files: int = 0) -> None:
        """It ended; `complete` says that everything that was there when it `began` is here, `files` came."""
        self._failed = not complete
        if complete:
            self.complete_from = began
        self._quiet = min(self._quiet + 1, COLD_AT_MOST + 1) if complete and not files else 0
        self.on_end()

    def stirred(self) -> None:
        """Something came between whole pulls: the source is not cold."""
        self._quiet = 0

    def followed(self, follow: FollowState) -> None:
        """How the source is followed now; each arrival shows that something happens there."""
        self.healthy = follow.healthy
        if follow.arrival != self._arrival:
            self._arrival = follow.arrival
            self.stirred()

    def owe(self) -> None:
        """Something may have been missed: only a full round that begins after now makes up for it."""
        self.owed_at = self._clock.now()
        self.on_end()

    def whole_since(self, moment: datetime) -> bool:
        """Whether all that was there at `moment` came, and nothing is owed."""
        if self.complete_from is None or self.complete_from < moment:
            return False
        return self.owed_at is None or self.complete_from >= self.owed_at

    def rests(self) -> bool:
        """Whether a wish of the schedule need not be fulfilled."""
        if not self.healthy or self._began is None or self._failed:
            return False
        since = self._clock.now() - self._began
        # A clock that was set back must not put pulls off for long.
        return since.total_seconds() >= 0 and since < self._period()

    def next_at(self) -> datetime | None:
        """When the schedule's next wish is fulfilled."""
        if self.healthy and self._began is not None and not self._failed:
            return self._after(self._began + self._period())
        return self._after(None)

    def _period(self) -> timedelta:
        # The first quiet pull is the one that proves the source to be whole.
        return self._reconcile * (1 << max(0, self._quiet - 1))
