"""A floor of free bytes with hysteresis. Pure."""

from __future__ import annotations

HYSTERESIS = 1.2  # pulling goes on when this many times the floor is free, so that it does not flutter
HYSTERESIS_AT_MOST = 500_000_000


class FreeSpace:
    """Keeps a floor of free bytes: blocked below it, free again only well above it."""

    def __init__(self, floor: int) -> None:
        self._floor = floor
        self._resume = min(int(floor * HYSTERESIS), floor + HYSTERESIS_AT_MOST)
        self._blocked = False

    def room(self, free: int) -> int:
        """How many bytes may be pulled when `free` are free."""
        if free < self._floor:
            self._blocked = True
        elif free >= self._resume:
            self._blocked = False
        return 0 if self._blocked else free - self._floor
