"""How long to wait for a login: briefly where they are quick, else longer and longer. Pure."""

from __future__ import annotations

# For connect and banner, within the ten seconds from one attempt to the next: where a host comes back while
# an attempt hangs in what was lost, only the next one finds it.
CONNECT_S = 8.0
# For the whole: an agent or PAM may take its time, yet that it hangs is to be told within 30 s.
LOGIN_S = 15.0
# `ssh HOST` works for the person where it takes a minute, too: a host whose name service is broken, say.
LONGEST_CONNECT_S, LONGEST_LOGIN_S = 30.0, 60.0
SLOWER = 3  # times what the last login took


class Patience:
    """Of one destination; learns from every login."""

    def __init__(self, connect_s: float = CONNECT_S) -> None:
        """`connect_s`: for connect and banner of a host that is quick."""
        self._shortest_s = connect_s
        self._took_s: float | None = None
        self._timeouts = 0

    @property
    def connect_s(self) -> float:
        """For connect and banner."""
        return self._within(self._shortest_s, LONGEST_CONNECT_S)

    @property
    def login_s(self) -> float:
        """For the whole login."""
        return self._within(min(LOGIN_S, 2 * self._shortest_s), LONGEST_LOGIN_S)

    def worked(self, took_s: float) -> None:
        """A login is through."""
        self._took_s = took_s
        self._timeouts = 0

    def failed(self, *, slowly: bool) -> None:
        """One failed; `slowly`: it was given up although the host could be connected to."""
        self._timeouts = self._timeouts + 1 if slowly else 0

    def _within(self, quick_s: float, longest_s: float) -> float:
        if self._took_s is None:
            return min(longest_s, quick_s * 2.0**self._timeouts)
        return min(longest_s, max(quick_s, SLOWER * self._took_s))
