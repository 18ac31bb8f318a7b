"""Launch scripts over time: redacted snapshots, entries ever seen, links made by hand. In facts.db."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.state.measured import RunKey
    from expsyncd.state.sqlite import Database


@dataclass(frozen=True)
class ScriptSnapshot:
    """The redacted text of a script as it was at `at` (seconds since 1970); `digest` of the original."""

    host: str
    script: bytes
    at: float
    digest: str
    text: str


@dataclass(frozen=True)
class EntrySeen:
    """When an entry was first and last seen, and its `state` since `changed_at` (seconds since 1970)."""

    entry: str
    host: str
    script: bytes
    first_seen_at: float
    last_seen_at: float
    state: str
    changed_at: float


class Scripts:
    """The tables of facts.db; synchronous, in the database thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def add_snapshot(self, snapshot: ScriptSnapshot) -> None:
        """Keep it unless it is what was kept last of this script."""
        last = self._db.execute(
            "SELECT digest FROM scripts WHERE host=? AND script=? ORDER BY at DESC, id DESC LIMIT 1",
            (snapshot.host, snapshot.script),
        ).fetchone()
        if last is None or last[0] != snapshot.digest:
            packed = zlib.compress(snapshot.text.encode("utf-8", "surrogateescape"))
            self._db.execute(
                "INSERT INTO scripts (host, script, at, digest, text) VALUES (?,?,?,?,?)",
                (snapshot.host, snapshot.script, snapshot.at, snapshot.digest, packed),
            )

    def snapshots(self, host: str | None = None, script: bytes | None = None) -> list[ScriptSnapshot]:
        """Kept texts, oldest first."""
        rows = self._db.execute(
            "SELECT host, script, at, digest, text FROM scripts"
            " WHERE (?1 IS NULL OR host=?1) AND (?2 IS NULL OR script=?2) ORDER BY at, id",
            (host, script),
        )
        return [
            ScriptSnapshot(of, path, at, digest, zlib.decompress(text).decode("utf-8", "surrogateescape"))
            for of, path, at, digest, text in rows
        ]

    def last(self, host: str, script: bytes) -> ScriptSnapshot | None:
        """The newest text of a script."""
        row = self._db.execute(
            "SELECT host, script, at, digest, text FROM scripts WHERE host=? AND script=?"
            " ORDER BY at DESC, id DESC LIMIT 1",
            (host, script),
        ).fetchone()
        if row is None:
            return None
        of, path, at, digest, text = row
        return ScriptSnapshot(of, path, at, digest, zlib.decompress(text).decode("utf-8", "surrogateescape"))

    def oldest(self) -> dict[tuple[str, bytes], float]:
        """When each script was first seen."""
        rows = self._db.execute("SELECT host, script, MIN(at) FROM scripts GROUP BY host, script")
        return {(host, script): at for host, script, at in rows}

    def put_seen(self, rows: Iterable[EntrySeen]) -> None:
        """Insert or replace; nothing is ever forgotten."""
        with self._db.transaction():
            self._db.executemany(
                "INSERT OR REPLACE INTO entries_seen"
                " (entry, host, script, first_seen_at, last_seen_at, state, changed_at)"
                " VALUES (?,?,?,?,?,?,?)",
                (
                    (r.entry, r.host, r.script, r.first_seen_at, r.last_seen_at, r.state, r.changed_at)
                    for r in rows
                ),
            )

    def seen(self, host: str | None = None, script: bytes | None = None) -> dict[str, EntrySeen]:
        """All entries ever seen, or those of one script, by id."""
        rows = self._db.execute(
            "SELECT entry, host, script, first_seen_at, last_seen_at, state, changed_at FROM entries_seen"
            " WHERE (?1 IS NULL OR host=?1) AND (?2 IS NULL OR script=?2)",
            (host, script),
        )
        return {row[0]: EntrySeen(*row) for row in rows}

    def put_hand_link(self, entry: str, run: RunKey, linked: bool | None) -> None:
        """The person says that an entry belongs to a run, or not; None takes that back."""
        if linked is None:
            self._db.execute(
                "DELETE FROM hand_links WHERE entry=? AND host=? AND source=? AND inside=?", (entry, *run)
            )
        else:
            self._db.execute(
                "INSERT OR REPLACE INTO hand_links (entry, host, source, inside, linked) VALUES (?,?,?,?,?)",
                (entry, *run, linked),
            )

    def hand_links(self) -> dict[tuple[str, RunKey], bool]:
        """What the person said, by entry and run."""
        rows = self._db.execute("SELECT entry, host, source, inside, linked FROM hand_links")
        return {(entry, (host, source, inside)): bool(linked) for entry, host, source, inside, linked in rows}
