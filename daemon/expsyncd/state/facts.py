"""facts.db: what cannot be rebuilt. Pulls, versions, moves under way, roots, pauses, files gone, clean stops.

Changes of its schema are additive only, so an old file loads for ever. All methods are synchronous and
belong to the database thread. Paths are bytes (BLOBs).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.errors import NeedsUserError
from expsyncd.state.facts_schema import STEPS
from expsyncd.state.jobs import Jobs
from expsyncd.state.logins import NeededLogins
from expsyncd.state.marks import Marks
from expsyncd.state.records import Move, PullRecord, Version
from expsyncd.state.scripts import Scripts
from expsyncd.state.sqlite import check_sound, open_reader, open_writer, schema_version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from expsyncd.state.sqlite import Database

__all__ = ["Facts", "Move", "PullRecord", "Version"]

PULLS_KEPT = 1000  # a source; enough for days of minutes, small enough to stay quick

# Columns by name everywhere: a later schema may add others.
_PULL = "id, host, source, at, outcome, files, bytes, seconds, detail"
_MOVE = "pull_id, host, source, path, start, end_"


class Facts:
    """The open database."""

    def __init__(self, connection: Database) -> None:
        self._db = connection
        self.logins = NeededLogins(connection)
        self.marks = Marks(connection)
        self.scripts = Scripts(connection)
        self.jobs = Jobs(connection)

    @classmethod
    def open(cls, file: Path) -> Facts:
        """Open or make the database and bring it to this program's schema.

        Raises DamagedError for a damaged file (it is never deleted), NeedsUserError for one of a newer
        program, Error when it cannot be used now.
        """
        connection = open_writer(file)
        try:
            facts = cls(connection)
            facts._migrate()
        except BaseException:
            connection.close()
            raise
        return facts

    @classmethod
    def read_only(cls, file: Path) -> Facts | None:
        """For commands: a look beside a running daemon; None where nothing was recorded yet.

        Raises as `open` does, and for a file that the daemon has not yet brought to this schema.
        """
        if not file.exists():
            return None
        connection = open_reader(file)
        try:
            found = schema_version(connection)
            _refuse_newer(file, found)
            _refuse_older(file, found)
        except BaseException:
            connection.close()
            raise
        if found == 0:  # its maker was killed before it held anything
            connection.close()
            return None
        return cls(connection)

    def close(self) -> None:
        """Close it; no method may be called afterwards."""
        self._db.close()

    def _migrate(self) -> None:
        _refuse_newer(self._db.file, schema_version(self._db))
        check_sound(self._db)
        with self._db.transaction():
            # Asked again inside, where nobody else can be at it.
            found = schema_version(self._db)
            for number, step in enumerate(STEPS[found:], start=found + 1):
                for statement in step:
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA user_version={number}")

    # --- pulls --------------------------------------------------------------------------------------

    def add_pull(self, pull: PullRecord) -> None:
        """Record an ended pull; the oldest of the source beyond the kept number go."""
        with self._db.transaction():
            self._db.execute(
                f"INSERT OR REPLACE INTO pulls ({_PULL}) VALUES (?,?,?,?,?,?,?,?,?)",  # noqa: S608 - our own words
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
            f"SELECT {_PULL} FROM pulls WHERE host=? AND source=? ORDER BY at DESC LIMIT 1",  # noqa: S608 - our own words
            (host, source),
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

    def together(self) -> AbstractContextManager[None]:
        """Around many records: all of them or none, and one commit."""
        return self._db.transaction()

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

    def version_places(self, below: bytes = b"") -> set[bytes]:
        """Where recorded versions lie, those whose place begins with `below`."""
        rows = self._db.execute(
            "SELECT place FROM versions WHERE place >= ? AND substr(place, 1, ?) = ?",
            (below, len(below), below),
        )
        return {row[0] for row in rows}

    def drop_version(self, number: int) -> None:
        """Forget a version whose file is gone."""
        self._db.execute("DELETE FROM versions WHERE id=?", (number,))

    def begin_move(self, move: Move) -> int:
        """Write down a move before it is made; its number (that in `move` is ignored)."""
        cursor = self._db.execute(
            f"INSERT INTO moves ({_MOVE}) VALUES (?,?,?,?,?,?)",  # noqa: S608 - our own words
            (move.pull_id, move.host, move.source, move.path, move.start, move.end),
        )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def end_move(self, number: int) -> None:
        """The move was made and recorded, or undone."""
        self._db.execute("DELETE FROM moves WHERE id=?", (number,))

    def pending_moves(self) -> list[Move]:
        """Moves that a crash interrupted."""
        rows = self._db.execute(f"SELECT id, {_MOVE} FROM moves ORDER BY id")  # noqa: S608 - our own words
        return [Move(*row) for row in rows]

    # --- roots, pauses, gone files, inodes ----------------------------------------------------------

    def remember_root(self, path: str, identity: str) -> None:
        """This folder is a root of ours."""
        self._db.execute("INSERT OR REPLACE INTO roots (path, identity) VALUES (?,?)", (path, identity))

    def known_root(self, path: str) -> str | None:
        """The identity of a remembered root."""
        row = self._db.execute("SELECT identity FROM roots WHERE path=?", (path,)).fetchone()
        return None if row is None else str(row[0])

    def pause(self, host: str) -> None:
        """The person paused this host; survives restarts."""
        self._db.execute("INSERT OR IGNORE INTO paused (host) VALUES (?)", (host,))

    def resume(self, host: str) -> None:
        """Undo `pause`."""
        self._db.execute("DELETE FROM paused WHERE host=?", (host,))

    def paused(self) -> set[str]:
        """All paused hosts."""
        return {row[0] for row in self._db.execute("SELECT host FROM paused")}

    def set_gone(self, host: str, source: str, paths: Iterable[bytes], at: datetime) -> None:
        """Exactly these files of the mirror are no longer on the host; those known keep their date."""
        with self._db.transaction():
            known = dict(
                self._db.execute("SELECT path, at FROM gone WHERE host=? AND source=?", (host, source))
            )
            self._db.execute("DELETE FROM gone WHERE host=? AND source=?", (host, source))
            moment = at.timestamp()
            self._db.executemany(
                "INSERT OR IGNORE INTO gone (host, source, path, at) VALUES (?,?,?,?)",
                ((host, source, path, known.get(path, moment)) for path in paths),
            )

    def gone(self, host: str, source: str) -> dict[bytes, datetime]:
        """Files that are no longer on the host and since when that is known."""
        rows = self._db.execute("SELECT path, at FROM gone WHERE host=? AND source=?", (host, source))
        return {path: _moment(at) for path, at in rows}

    def set_inode(self, host: str, source: str, path: bytes, inode: int) -> None:
        """The host's inode of a file when its bytes were last compared with ours."""
        self._db.execute(
            "INSERT OR REPLACE INTO inodes (host, source, path, inode) VALUES (?,?,?,?)",
            (host, source, path, inode),
        )

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
        self._db.execute("INSERT OR REPLACE INTO life (name, value) VALUES (?,?)", (name, value))

    def _get(self, name: str) -> str | None:
        row = self._db.execute("SELECT value FROM life WHERE name=?", (name,)).fetchone()
        return None if row is None else str(row[0])


def _refuse_newer(file: Path, found: int) -> None:
    if found > len(STEPS):
        raise NeedsUserError(
            f"{file} was written by a newer expsyncd", "update expsyncd; the old one cannot read it"
        )


def _refuse_older(file: Path, found: int) -> None:
    if 0 < found < len(STEPS):
        raise NeedsUserError(
            f"{file} was written by an older expsyncd", "start expsyncd once: it brings the file up to date"
        )


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)
