"""Logins that are known to be in vain: nothing knocks again before there is something new to try with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.ssh.causes import Kind

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis

# Only the person's own keys, codes and known_hosts mend these; sshd bans who tries on all the same.
IN_VAIN = frozenset(
    {
        Kind.SECOND_FACTOR, Kind.PASSWORD, Kind.PASSWORD_EXPIRED, Kind.AGENT_REFUSED, Kind.TOO_MANY_KEYS,
        Kind.KEY_FILE, Kind.PERMISSION_DENIED, Kind.HOST_KEY_CHANGED, Kind.HOST_KEY_UNKNOWN,
        Kind.HOST_KEY_REVOKED, Kind.BAD_SSH_CONFIG,
    }
)  # fmt: skip
HOST_KEYS = frozenset({Kind.HOST_KEY_CHANGED, Kind.HOST_KEY_UNKNOWN, Kind.HOST_KEY_REVOKED})
# The host itself may have been mended meanwhile (a key put there, an account opened): a wish of the person
# is worth an attempt. A second factor is not typed by wishing.
ONLY_A_LOGIN_HELPS = frozenset({Kind.SECOND_FACTOR})


@dataclass(frozen=True)
class Vain:
    """Why the login failed, and the digest of all that it could try with (ssh/means.py)."""

    digest: str
    diagnosis: Diagnosis


class VainLogins:
    """By destination; those that need the person are remembered across restarts."""

    def __init__(
        self,
        known: Mapping[str, Vain] | None = None,
        remember: Callable[[str, Vain | None], Awaitable[None]] | None = None,
    ) -> None:
        """`remember` stores one for good, or with None forgets it."""
        self._known = dict(known or {})
        self._remember = remember

    def about(self, name: str) -> Vain | None:
        """What is known of the destination."""
        return self._known.get(name)

    async def note(self, name: str, digest: str, problem: ConnectionProblem) -> None:
        """A login failed: remember it if another one would fail, too."""
        found = problem.diagnosis
        if found.kind not in IN_VAIN:
            return
        vain = Vain(digest, found)
        self._known[name] = vain
        if self._remember is not None and found.needs_login:
            await self._remember(name, vain)

    async def forget(self, name: str) -> None:
        """A login worked, or what it had to try with has changed."""
        if self._known.pop(name, None) is not None and self._remember is not None:
            await self._remember(name, None)

    async def forgive(self, name: str) -> None:
        """The person wishes an attempt: grant it where it may help."""
        vain = self._known.get(name)
        if vain is not None and vain.diagnosis.kind not in ONLY_A_LOGIN_HELPS:
            await self.forget(name)
