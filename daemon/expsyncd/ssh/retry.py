"""When to connect again: quickly after a blip, steadily while somebody may wait, rarely later. No I/O."""

from __future__ import annotations

import hashlib
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from expsyncd.clock import Clock

# sshd 9.8 and later, and fail2ban, ban who knocks too often; six attempts in any minute is what we allow.
MOST_ATTEMPTS = 6
WINDOW_S = 60.5  # sshd sees an attempt a moment later than we do, now more and now less
# From start to start while somebody may wait: what six a minute leave of recovery within ten seconds.
STEADY_S = 10.1
# How long a host that has just failed is treated as one that somebody waits for.
EAGER_FOR_S = 600.0
CEILING_S = 60.0
# After a connection that had come about: at once, yet not all hosts of a laptop in the same instant.
QUICK_S = (0.1, 0.3)
# A login costs 50 ms of CPU here and holds one of the ten places that sshd's MaxStartups has for it.
EACH_S = 0.1
MANY = 10  # that many may knock in the same instant
# Even an attempt that took longer than STEADY_S is followed by a pause.
SHORTEST_S = 1.0
JITTER = 0.25


class Backoff:
    """The attempts of one host and when the next one is due; all times by the monotonic clock."""

    def __init__(self, chance: random.Random, clock: Clock, hosts: Callable[[], int] = lambda: 1) -> None:
        """`hosts`: how many there are now, for they may all be lost in the same instant."""
        self._chance = chance
        self._clock = clock
        self._hosts = hosts
        self._starts: deque[float] = deque(maxlen=MOST_ATTEMPTS)
        self._failing_since: float | None = None
        self._fresh_start = False
        self._late_failures = 0

    def attempt(self) -> None:
        """An attempt starts now."""
        self._starts.append(self._clock.monotonic())

    def reset(self) -> None:
        """It worked, or the person asks for a fresh start. The limit of attempts a minute stays."""
        self._failing_since = None
        self._fresh_start = True
        self._late_failures = 0

    def held_s(self) -> float:
        """Seconds before another attempt is allowed at all, whoever wishes it; usually 0."""
        if len(self._starts) < MOST_ATTEMPTS:
            return 0.0
        return max(0.0, self._starts[0] + WINDOW_S - self._clock.monotonic())

    def next_delay_s(self, *, watched: bool = False) -> float:
        """Seconds from now to the next attempt, after one failed or a connection was lost.

        `watched`: somebody looks at this host, so it is tried steadily however long it has been away.
        """
        now = self._clock.monotonic()
        last = self._starts[-1] if self._starts else now - WINDOW_S
        lately = [start for start in self._starts if start > last - WINDOW_S]
        fresh_start, self._fresh_start = self._fresh_start, False
        first_failure = self._failing_since is None
        if self._failing_since is None:
            self._failing_since = now
        # A second attempt within a minute is at once, too; where that breaks again, it is no blip.
        if first_failure and (now - last >= WINDOW_S or (fresh_start and len(lately) == 1)):
            soonest_s, latest_s = QUICK_S
            delay_s = self._chance.uniform(soonest_s, latest_s + crowd_s(self._hosts()))
        elif watched or now - self._failing_since < EAGER_FOR_S:
            delay_s = last + max(STEADY_S, self._even_s(lately)) - now
        else:
            self._late_failures += 1
            longest_s = min(CEILING_S, STEADY_S * 2.0**self._late_failures)
            delay_s = longest_s * self._chance.uniform(1 - JITTER, 1)
        return max(delay_s, self.held_s(), 0.0 if first_failure else SHORTEST_S)

    def _even_s(self, lately: list[float]) -> float:
        """The pause with which the attempts that a minute has left last until its end. `lately`: starts."""
        if not lately:
            return 0.0
        left = MOST_ATTEMPTS - len(lately)
        return (lately[0] + WINDOW_S - lately[-1]) / (left + 1)


def crowd_s(hosts: int) -> float:
    """Over how many seconds to spread what as many hosts would do at once; no time to be felt for a few."""
    return min(STEADY_S, EACH_S * (hosts - 1))


def spread(name: str, period_s: float) -> float:
    """Where in a period `name` has its turn, in seconds: the same at every start, different for each name."""
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2.0**64 * period_s
