"""The clocks, in one place so that tests can hand in their own."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time for people and files, monotonic seconds for deadlines."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never step; they stand still while the laptop sleeps."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never step; they stand still while the laptop sleeps."""
        return time.monotonic()


def rfc3339(moment: datetime | None) -> str | None:
    """`2026-01-31T12:00:00Z`, the one form in which times leave the program."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
