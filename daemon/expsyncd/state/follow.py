"""How a source is followed, and how quick that is. Pure, stdlib only."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

KEPT = 100
# Times that cannot be a write just now: a file that was copied with its old time, a clock that was set.
LONGEST_S = 600.0
CLOCKS_AGREE_TO_S = 0.05


@dataclass(frozen=True)
class Arrival:
    """Seconds from a write on the host to where it is measured, over the last `count` of them."""

    p50: float
    p95: float
    count: int


class Arrivals:
    """The last ones."""

    def __init__(self) -> None:
        self._seconds: deque[float] = deque(maxlen=KEPT)
        self.added = 0

    def add(self, seconds: float) -> None:
        """One arrival; what cannot be one is passed over."""
        if -CLOCKS_AGREE_TO_S < seconds < LONGEST_S:
            self._seconds.append(max(0.0, seconds))
            self.added += 1

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


@dataclass(frozen=True)
class FollowState:
    """`mode` is off, starting, following, rescanning or missing; `reason` says why it is not following.

    `healthy`: nothing can be missed, so pulls are rare. `arrival`: of growth, to the bytes here.
    """

    mode: str = "off"
    watches: int = 0
    reason: str = ""
    healthy: bool = False
    arrival: Arrival | None = None
