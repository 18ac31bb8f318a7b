"""How a source is followed, and how quick that is. Pure, stdlib only."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Arrival:
    """Seconds from a write on the host to its bytes here, over the last `count` (follow.arrivals)."""

    p50: float
    p95: float
    count: int


@dataclass(frozen=True)
class FollowState:
    """`mode` is off, starting, following, rescanning or missing; `reason` says why it is not following.

    `healthy`: nothing can be missed, so pulls are rare.
    """

    mode: str = "off"
    watches: int = 0
    reason: str = ""
    healthy: bool = False
    arrival: Arrival | None = None
