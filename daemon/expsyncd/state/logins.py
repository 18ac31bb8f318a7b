"""Logins that need the person, remembered across restarts: finding that out again would cost an attempt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.state.sqlite import Database


@dataclass(frozen=True)
class NeededLogin:
    """Why a login to `name` (an ssh alias) failed, and the digest of what it had to try with."""

    name: str
    digest: str
    kind: str
    title: str
    advice: str


class NeededLogins:
    """The table of facts.db; synchronous, in the database thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def remember(self, needed: NeededLogin) -> None:
        """In place of what was known of the same name."""
        self._db.execute(
            "INSERT OR REPLACE INTO logins (name, digest, kind, title, advice) VALUES (?,?,?,?,?)",
            (needed.name, needed.digest, needed.kind, needed.title, needed.advice),
        )

    def forget(self, name: str) -> None:
        """The login worked, or there is something new to try."""
        self._db.execute("DELETE FROM logins WHERE name=?", (name,))

    def known(self) -> list[NeededLogin]:
        """All, by name."""
        rows = self._db.execute("SELECT name, digest, kind, title, advice FROM logins ORDER BY name")
        return [NeededLogin(*row) for row in rows]
