"""The state of one host: changed here only, put into the tracker, logged on the edge."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expsyncd.state.status import Connected, Connecting, HostFailed, NeedsLogin, Waiting

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.clock import Clock
    from expsyncd.state.status import HostState, HostStatus, Trouble
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)


class HostTelling:
    """`asked`: the person wishes this attempt. `unreachable` hears of why the host cannot be seen."""

    def __init__(self, name: str, state: HostState, tracker: Tracker, clock: Clock) -> None:
        self.state = state
        self.asked = False
        self.unreachable: Callable[[Trouble], None] = lambda _: None
        self._name = name
        self._tracker = tracker
        self._clock = clock
        self._told: Trouble | None = None  # what the log has said since the last connection
        self._put()

    def become(self, status: HostStatus, cause: Trouble | None = None) -> None:
        """The one place where the host's status changes; logs on the edge only."""
        before = self.state.status
        entered = (before.word, before.sentence) != (status.word, status.sentence)
        if isinstance(status, Connected):
            self._told = None
        if entered and cause is not None and cause != self._told and before.word != "paused":
            self._told = cause
            logger.warning("%s: %s%s", self._name, cause.title, f" ({cause.advice})" if cause.advice else "")
        elif entered and isinstance(status, Connected):
            logger.info("%s: connected", self._name)
        since = self._clock.now() if entered else self.state.since
        by_itself = isinstance(before, Waiting) or (
            isinstance(before, (NeedsLogin, HostFailed)) and not self.asked
        )
        if isinstance(status, Connecting) and by_itself:
            return  # an attempt in a row of attempts: the person keeps seeing why it waits
        self.state = replace(self.state, status=status, since=since)
        if cause is not None:
            self.state = replace(self.state, adopted=False)
            self.unreachable(cause)
        self._put()

    def note(self, **fields: Any) -> None:
        """What a fresh connection found out; told with the next change."""
        self.state = replace(self.state, **fields)

    def put_part(self, kind: str, name: str, state: object) -> None:
        """The state of one of the host's `sources` or `tunnels`."""
        self.put(**{kind: {**getattr(self.state, kind), name: state}})

    def put(self, **changes: Any) -> None:
        """What changed besides the status."""
        self.note(**changes)
        self._put()

    def _put(self) -> None:
        self._tracker.put_host(self._name, self.state)
