"""One source that is followed: what the agent says of it, whether that is healthy, what was measured."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from expsyncd.follow.accepted import Accepted
from expsyncd.state.follow import Arrivals, FollowState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.follow.frames import Mode
    from expsyncd.pull.rhythm import Rhythm
    from expsyncd.pull.source import Source

SEES = ("following", "rescanning")
BEGINS = "the agent on the host has not begun yet"
LEFT_RESTS_S = 2.0  # what leaves often leaves in numbers


class Keeper(Protocol):
    """The part of a source's keeper that its follower uses."""

    source: Source
    rhythm: Rhythm

    def request(self) -> int:
        """Wish a pull."""
        ...

    def request_paths(self, paths: Mapping[bytes, int] | None) -> None:
        """Wish a pull of just these files, or of all of them that changed."""
        ...

    def left(self, path: bytes) -> None:
        """A file is no longer on the host."""
        ...

    def followed(self, follow: FollowState) -> None:
        """How the source is followed now."""
        ...

    def confirm(self, as_of: datetime) -> None:
        """All that changed before is told."""
        ...


class Followed:
    """Healthy is a source whose agent sees all changes since a pull that began after it took all of it in."""

    def __init__(self, keeper: Keeper, clock: Clock, every_s: float) -> None:
        """`every_s`: its interval."""
        self.keeper = keeper
        self.accepted = Accepted(keeper.source)
        self.folder = b""
        self.every_s = every_s
        self.arrivals = Arrivals()
        self.dropped: set[bytes] = set()  # chunks that were not taken; our end says where it is once it may
        self._clock = clock
        self._mode = "off"
        self._watches = 0
        self._reason = ""
        self._starts = 0
        self._made = 0
        self._age_s = 0.0
        self._left_s = float("-inf")
        self._seen_from: datetime | None = None
        self._told: tuple[object, ...] = ()
        keeper.rhythm.on_end = self.show

    @property
    def healthy(self) -> bool:
        """Whether the agent misses nothing."""
        return self._seen_from is not None and self.keeper.rhythm.whole_since(self._seen_from)

    def become(self, mode: Mode) -> None:
        """The agent says how it follows."""
        self._mode, self._watches, self._reason = mode.mode, mode.watches, mode.reason
        self._age_s = mode.age_s
        if mode.mode not in SEES:
            self._seen_from = None
            if mode.mode == "missing":
                self.keeper.request()  # which says what is missing and what to do
        elif self._seen_from is None or mode.starts != self._starts:
            self._seen_from = self._clock.now()
            self.keeper.request()
        self._starts = mode.starts
        self.show()

    def begin(self) -> None:
        """An agent is on its way to the host; pulls go on meanwhile."""
        self._mode, self._reason = "starting", BEGINS
        self.show()

    def off(self, reason: str) -> None:
        """Not followed, and why; what came to be followed is pulled at once."""
        was, self._mode, self._reason = self._mode, "off", reason
        self._seen_from, self._watches = None, 0
        self.dropped.clear()
        self.show()
        if was in SEES:
            self.keeper.request()

    def owe(self) -> None:
        """Something may have been missed."""
        self.keeper.rhythm.owe()
        self.keeper.request_paths(None)

    def may_make_one_more(self) -> bool:
        """Whether files may still be made here; only a pull counts what a host has."""
        self._made += 1
        return self._made % max(1, self.keeper.source.max_entries) != 0

    def quiet(self, as_of: datetime) -> None:
        """All that the agent saw change before `as_of` has come."""
        if self.healthy and not self.dropped:
            self.keeper.confirm(as_of - timedelta(seconds=self._age_s))

    def left(self, path: bytes) -> None:
        """A file or folder left the host."""
        self.keeper.left(path)
        if os.path.lexists(self.folder + b"/" + path):
            self._mirrored_left()

    def _mirrored_left(self) -> None:
        """Something that is mirrored left the host: only a whole pull counts what is gone."""
        loop = asyncio.get_running_loop()
        due_s = max(loop.time() + LEFT_RESTS_S, self._left_s + self.every_s)
        if self._left_s < loop.time():  # none is on its way
            self._left_s = due_s
            loop.call_at(due_s, self.keeper.request)

    def show(self) -> None:
        """Tell how it is now."""
        told = (self._mode, self._watches, self._reason, self.healthy, self.arrivals.added)
        if told == self._told:  # each answer of the agent asks
            return
        self._told = told
        arrival = self.arrivals.measured()
        self.keeper.followed(
            FollowState(self._mode, self._watches, self._reason, healthy=self.healthy, arrival=arrival)
        )
