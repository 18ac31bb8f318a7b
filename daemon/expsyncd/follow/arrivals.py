"""How long the way was, as a measured fact: the last arrivals, and the host's clock beside ours. Pure.

An arrival is measured from the file's own time of its last write (the host's clock, read by its kernel) to
the moment when the bytes are in the local file (our clock); the difference of the clocks is measured by round
trips and taken out. The error is at most half a round trip, and a kernel's coarse clock (4 ms) makes arrivals
look longer, never shorter.
"""

from __future__ import annotations

from collections import deque

from expsyncd.state.follow import Arrival

KEPT = 100
ROUND_TRIPS = 8
# Times that cannot be a write just now: a file that was copied with its old time, a clock that was set.
LONGEST_S = 600.0


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


class Arrivals:
    """The last ones of one source."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT)

    def add(self, seconds: float) -> None:
        """One arrival; what cannot be one is passed over."""
        if -0.05 < seconds < LONGEST_S:
            self._seconds.append(max(0.0, seconds))

    def measured(self) -> Arrival | None:
        """None while nothing has come."""
        if not self._seconds:
            return None
        ordered = sorted(self._seconds)
        return Arrival(percentile(ordered, 50), percentile(ordered, 95), len(ordered))


def percentile(ordered: list[float], share: int) -> float:
    """The smallest of the values that `share` per cent are not above (nearest rank)."""
    rank = -(-len(ordered) * share // 100)
    return ordered[max(0, rank - 1)]
