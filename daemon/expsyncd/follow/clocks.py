"""The host's clock beside ours. Pure.

An arrival is measured from the file's own time of its last write (the host's clock, read by its kernel) to
the moment when the bytes are in the local file (our clock); the difference of the clocks is measured by round
trips and taken out. The error is at most half a round trip, and a kernel's coarse clock (4 ms) makes arrivals
look longer, never shorter.
"""

from __future__ import annotations

from collections import deque

ROUND_TRIPS = 8


class Clocks:
    """The host's clock minus ours, by the quickest of the last round trips."""

    def __init__(self) -> None:
        self._trips: deque[tuple[float, float]] = deque(maxlen=ROUND_TRIPS)

    def add(self, sent_s: float, there_s: float, came_s: float) -> None:
        """A question sent and answered at our times; `there_s`: the host's clock in between."""
        took_s = came_s - sent_s
        if took_s >= 0:
            self._trips.append((took_s, there_s - (sent_s + came_s) / 2))

    @property
    def offset_s(self) -> float | None:
        """None until measured."""
        return min(self._trips)[1] if self._trips else None
