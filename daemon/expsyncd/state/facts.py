"""facts.db: what cannot be rebuilt. Pulls, versions, moves under way, roots, pauses, files gone, clean stops.

Changes of its schema are additive only, so an old file loads for ever. All methods are synchronous and
belong to the database thread. Paths are bytes (BLOBs).
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.state.facts_schema import STEPS
from expsyncd.state.sqlite import open_reader, open_writer, schema_version

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

PULLS_KEPT = 1000  # a source; enough for days of minutes, small enough to stay quick


@dataclass(frozen=True)
class PullRecord:
    """One ended pull; `bytes` are those that arrived."""

    id: str
    host: str
    source: str
    at: datetime
    outcome: str
    files: int
    bytes: int
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Version:
    """Old bytes of a mirrored file: `path` within the source, `place` below the versions folder."""

    id: int
    host: str
    source: str
    path: bytes
    kept_at: datetime
    size: int
    place: bytes
    reason: str


@dataclass(frozen=True)
class Move:
    """A folder on its way from the mirror to versions: absolute `start` and `end`."""

    id: int
    pull_id: str
    host: str
    source: str
    path: bytes
    start: bytes
    end: bytes


class Facts:
    """The open database."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    @classmethod
    def open(cls, file: Path) -> Facts:
        """Open or make the database and bring it to this program's schema.

        Raises Error for a damaged file (it is never deleted) and for one of a newer program.
        """
        try:
            connection = open_writer(file)
            facts = cls(connection)
            facts._migrate(file)
        except sqlite3.DatabaseError as error:
            raise Error(
                f"{file} is damaged ({error})",
                "it holds the list of old versions: copy it away, then restore it from a backup or remove it",
            ) from error
        return facts

    @classmethod
    def read_only(cls, file: Path) -> Facts | None:
        """For commands: a look beside a running daemon; None where nothing was recorded yet."""
        if not file.exists():
            return None
        return cls(open_reader(file))

    def close(self) -> None:
        """Close it; no method may be called afterwards."""
        self._db.close()

    def _migrate(self, file: Path) -> None:
        found = schema_version(self._db)
        if found > len(STEPS):
            self._db.close()
            raise Error(
                f"{file} was written by a newer expsyncd", "update expsyncd; the old one cannot read it"
            )
        for number, step in enumerate(STEPS[found:], start=found + 1):
            with self._transaction():
                for statement in step:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={number}")

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    # --- pulls --------------------------------------------------------------------------------------

    def add_pull(self, pull: PullRecord) -> None:
        """Record an ended pull; the oldest of the source beyond the kept number go."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO pulls VALUES (?,?,?,?,?,?,?,?,?)",
                (
                    pull.id, pull.host, pull.source, pull.at.timestamp(), pull.outcome, pull.files,
                    pull.bytes, pull.seconds, pull.detail,
                ),
            )  # fmt: skip
            self._db.execute(
                "DELETE FROM pulls WHERE host=? AND source=? AND at < (SELECT at FROM pulls"
                " WHERE host=? AND source=? ORDER BY at DESC LIMIT 1 OFFSET ?)",
                (pull.host, pull.source, pull.host, pull.source, PULLS_KEPT - 1),
            )

    def last_pull(self, host: str, source: str) -> PullRecord | None:
        """The newest pull of a source."""
        row = self._db.execute(
            "SELECT * FROM pulls WHERE host=? AND source=? ORDER BY at DESC LIMIT 1", (host, source)
        ).fetchone()
        if row is None:
            return None
        id_, of_host, of_source, at, *rest = row
        return PullRecord(id_, of_host, of_source, _moment(at), *rest)

    def last_success(self, host: str, source: str) -> datetime | None:
        """When the newest complete pull of a source began."""
        row = self._db.execute(
            "SELECT MAX(at) FROM pulls WHERE host=? AND source=? AND outcome='complete'", (host, source)
        ).fetchone()
        return None if row[0] is None else _moment(row[0])

    # --- versions and moves -------------------------------------------------------------------------

    def add_version(
        self, host: str, source: str, path: bytes, kept_at: datetime, size: int, place: bytes, reason: str
    ) -> int:
        """Record old bytes; recording a place again changes nothing. Its number."""
        self._db.execute(
            "INSERT OR IGNORE INTO versions (host, source, path, kept_at, bytes, place, reason)"
            " VALUES (?,?,?,?,?,?,?)",
            (host, source, path, kept_at.timestamp(), size, place, reason),
        )
        row = self._db.execute("SELECT id FROM versions WHERE place=?", (place,)).fetchone()
        return int(row[0])

    def versions(
        self, host: str | None = None, source: str | None = None, path: bytes | None = None
    ) -> list[Version]:
        """What is kept, oldest first."""
        wanted = [("host", host), ("source", source), ("path", path)]
        given = [(column, value) for column, value in wanted if value is not None]
        where = " AND ".join(f"{column}=?" for column, _ in given) or "1"
        rows = self._db.execute(
            f"SELECT id, host, source, path, kept_at, bytes, place, reason FROM versions WHERE {where}"  # noqa: S608 - column names are ours
            " ORDER BY kept_at, id",
            [value for _, value in given],
        )
        return [
            Version(number, of_host, of_source, inside, _moment(at), size, place, reason)
            for number, of_host, of_source, inside, at, size, place, reason in rows
        ]

    def version_places(self) -> set[bytes]:
        """Where recorded versions lie."""
        return {row[0] for row in self._db.execute("SELECT place FROM versions")}

    def drop_version(self, number: int) -> None:
        """Forget a version whose file is gone."""
        self._db.execute("DELETE FROM versions WHERE id=?", (number,))

    def begin_move(self, move: Move) -> int:
        """Write down a move before it is made; its number (that in `move` is ignored)."""
        cursor = self._db.execute(
            "INSERT INTO moves (pull_id, host, source, path, start, end_) VALUES (?,?,?,?,?,?)",
            (move.pull_id, move.host, move.source, move.path, move.start, move.end),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_move(self, number: int) -> None:
        """The move was made and recorded, or undone."""
        self._db.execute("DELETE FROM moves WHERE id=?", (number,))

    def pending_moves(self) -> list[Move]:
        """Moves that a crash interrupted."""
        return [Move(*row) for row in self._db.execute("SELECT * FROM moves ORDER BY id")]

    # --- roots, pauses, gone files, inodes ----------------------------------------------------------

    def remember_root(self, path: str, identity: str) -> None:
        """This folder is a root of ours."""
        self._db.execute("INSERT OR REPLACE INTO roots VALUES (?,?)", (path, identity))

    def known_root(self, path: str) -> str | None:
        """The identity of a remembered root."""
        row = self._db.execute("SELECT identity FROM roots WHERE path=?", (path,)).fetchone()
        return None if row is None else str(row[0])

    def pause(self, host: str) -> None:
        """The person paused this host; survives restarts."""
        self._db.execute("INSERT OR IGNORE INTO paused VALUES (?)", (host,))

    def resume(self, host: str) -> None:
        """Undo `pause`."""
        self._db.execute("DELETE FROM paused WHERE host=?", (host,))

    def paused(self) -> set[str]:
        """All paused hosts."""
        return {row[0] for row in self._db.execute("SELECT host FROM paused")}

    def set_gone(self, host: str, source: str, paths: Iterable[bytes], at: datetime) -> None:
        """Exactly these files of the mirror are no longer on the host; those known keep their date."""
        with self._transaction():
            known = dict(
                self._db.execute("SELECT path, at FROM gone WHERE host=? AND source=?", (host, source))
            )
            self._db.execute("DELETE FROM gone WHERE host=? AND source=?", (host, source))
            moment = at.timestamp()
            self._db.executemany(
                "INSERT OR IGNORE INTO gone VALUES (?,?,?,?)",
                ((host, source, path, known.get(path, moment)) for path in paths),
            )

    def gone(self, host: str, source: str) -> dict[bytes, datetime]:
        """Files that are no longer on the host and since when that is known."""
        rows = self._db.execute("SELECT path, at FROM gone WHERE host=? AND source=?", (host, source))
        return {path: _moment(at) for path, at in rows}

    def set_inode(self, host: str, source: str, path: bytes, inode: int) -> None:
        """The host's inode of a file when its bytes were last compared with ours."""
        self._db.execute("INSERT OR REPLACE INTO inodes VALUES (?,?,?,?)", (host, source, path, inode))

    def inode(self, host: str, source: str, path: bytes) -> int | None:
        """What `set_inode` remembered."""
        row = self._db.execute(
            "SELECT inode FROM inodes WHERE host=? AND source=? AND path=?", (host, source, path)
        ).fetchone()
        return None if row is None else int(row[0])

    # --- clean stops --------------------------------------------------------------------------------

    def mark_running(self) -> bool:
        """A daemon starts; whether the one before stopped cleanly (also true for the first)."""
        clean = self._get("running") is None
        self._set("running", "1")
        return clean

    def mark_stopped(self) -> None:
        """It stops, with nothing under way."""
        self._db.execute("DELETE FROM life WHERE name='running'")

    def checkpoint(self, at: datetime) -> None:
        """All was well at `at`."""
        self._set("checkpoint", str(at.timestamp()))

    def last_checkpoint(self) -> datetime | None:
        """The newest checkpoint."""
        text = self._get("checkpoint")
        return None if text is None else _moment(float(text))

    def _set(self, name: str, value: str) -> None:
        self._db.execute("INSERT OR REPLACE INTO life VALUES (?,?)", (name, value))

    def _get(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM life WHERE name=?", (name,)).fetchone()
        return None if row is None else str(row[0])


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
