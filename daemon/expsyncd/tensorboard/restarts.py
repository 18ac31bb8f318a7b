"""When a TensorBoard that ended is started again, and when to say that this does not help. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_S = 0.5
LONGEST_S = 30.0
HEALTHY_S = 60.0  # after that long a crash is a new story
HOPELESS_COUNT = 5
HOPELESS_WITHIN_S = 300.0
HOPELESS_RETRY_S = 60.0


@dataclass(frozen=True)
class Pause:
    """How long to wait before the next start; `hopeless`: it keeps ending soon after its start."""

    seconds: float
    hopeless: bool = False


class Restarts:
    """Remembers how the last starts went; the caller brings the time (monotonic seconds)."""

    def __init__(self, *, first_s: float = FIRST_S, hopeless_retry_s: float = HOPELESS_RETRY_S) -> None:
        self._first_s = first_s
        self._hopeless_retry_s = hopeless_retry_s
        self._next_s = first_s
        self._short: list[float] = []

    def ended(self, now: float, healthy_s: float | None) -> Pause:
        """TensorBoard ended at `now` after `healthy_s` of answering; None: it never answered."""
        if healthy_s is not None and healthy_s >= HEALTHY_S:
            self.forget()
        else:
            self._short.append(now)
        # Hopeless stays so until one lives longer: the retries are too rare to make five in that time.
        if len(self._short) >= HOPELESS_COUNT:
            del self._short[HOPELESS_COUNT:]
            if self._short[-1] - self._short[0] <= HOPELESS_WITHIN_S:
                return Pause(self._hopeless_retry_s, hopeless=True)
            del self._short[0]
        seconds = self._next_s
        self._next_s = min(seconds * 2, LONGEST_S)
        return Pause(seconds)

    def forget(self) -> None:
        """It lived long, or the person changed something: start afresh."""
        self._next_s = self._first_s
        self._short.clear()
