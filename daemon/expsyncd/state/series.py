"""The catalogue's tables of sample images: series, images that cannot be shown, overwritten contents."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.state.sqlite import open_reader
from expsyncd.state.tagged import all_tagged

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from expsyncd.state.sqlite import Database
    from expsyncd.state.tagged import TaggedRow

TABLES = (
    (
        "CREATE TABLE series (host TEXT NOT NULL, source TEXT NOT NULL, run BLOB NOT NULL,"
        " name BLOB NOT NULL, frames INTEGER NOT NULL, shown INTEGER NOT NULL, first_step INTEGER,"
        " last_step INTEGER,"
        " bytes INTEGER NOT NULL, newest_at REAL NOT NULL, rendered_at REAL, path BLOB NOT NULL,"
        " reason TEXT NOT NULL, why TEXT NOT NULL, width INTEGER NOT NULL, height INTEGER NOT NULL,"
        " made_of TEXT NOT NULL,"
        " PRIMARY KEY (host, source, run, name))"
    ),
    (
        "CREATE TABLE refused (host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,"
        " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, reason TEXT NOT NULL,"
        " PRIMARY KEY (host, source, path))"
    ),
    (
        "CREATE TABLE tagged (host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,"
        " tag TEXT NOT NULL, step INTEGER NOT NULL, wall REAL NOT NULL, at INTEGER NOT NULL,"
        " length INTEGER NOT NULL,"
        " count INTEGER NOT NULL, PRIMARY KEY (host, source, path, at, tag))"
    ),
    (
        "CREATE TABLE scanned (host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,"
        " upto INTEGER NOT NULL, PRIMARY KEY (host, source, path))"
    ),
    (
        "CREATE TABLE overwritten (host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,"
        " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, PRIMARY KEY (host, source, path, size, mtime_ns))"
    ),
)


Name = bytes  # names on disk are bytes; an alias, since the field `bytes` below hides the type


@dataclass(frozen=True)
class SeriesRow:
    """One series. `frames` that could be shown, `shown` of them; `path` of the animation under the root.

    Times are seconds since 1970; `rendered_at` is None before the first rendering. `reason`: why it could not
    be rendered; `why`: what put it under this run. `width`, `height`: its canvas in pixels, 0 while unknown.
    `made_of`: a digest of what was rendered and how.
    """

    host: str
    source: str
    run: Name
    name: Name
    frames: int
    shown: int
    first_step: int | None
    last_step: int | None
    bytes: int
    newest_at: float
    rendered_at: float | None
    path: Name
    reason: str
    why: str
    width: int
    height: int
    made_of: str = ""


@dataclass(frozen=True)
class RefusedRow:
    """An image that is not shown; `path` is relative to its source."""

    host: str
    source: str
    path: bytes
    size: int
    mtime_ns: int
    reason: str


def put_series(db: Database, row: SeriesRow) -> None:
    """Insert or replace one series."""
    db.execute("INSERT OR REPLACE INTO series VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", astuple(row))


def drop_series(db: Database, keys: Iterable[tuple[str, str, bytes, bytes]]) -> None:
    """Forget series that are not there any more."""
    db.executemany("DELETE FROM series WHERE host=? AND source=? AND run=? AND name=?", keys)


def put_refused(db: Database, rows: Iterable[RefusedRow]) -> None:
    """Insert or replace images that are not shown."""
    db.executemany("INSERT OR REPLACE INTO refused VALUES (?,?,?,?,?,?)", (astuple(row) for row in rows))


def drop_refused(db: Database, keys: Iterable[tuple[str, str, bytes]]) -> None:
    """Images that changed or went."""
    db.executemany("DELETE FROM refused WHERE host=? AND source=? AND path=?", keys)


def put_overwritten(db: Database, rows: Iterable[tuple[str, str, bytes, int, int]]) -> None:
    """Contents that a name had before: (host, source, path, size, mtime_ns)."""
    db.executemany("INSERT OR IGNORE INTO overwritten VALUES (?,?,?,?,?)", rows)


def drop_overwritten(db: Database, rows: Iterable[tuple[str, str, bytes, int, int]]) -> None:
    """Contents that cannot be shown any more."""
    db.executemany(
        "DELETE FROM overwritten WHERE host=? AND source=? AND path=? AND size=? AND mtime_ns=?", rows
    )


def series_of(db: Database) -> list[SeriesRow]:
    """All series, by host, source, run and name."""
    return [SeriesRow(*row) for row in db.execute("SELECT * FROM series ORDER BY host, source, run, name")]


def refused_of(db: Database) -> list[RefusedRow]:
    """All images that are not shown."""
    return [RefusedRow(*row) for row in db.execute("SELECT * FROM refused ORDER BY host, source, path")]


def overwritten_of(db: Database) -> list[tuple[str, str, bytes, int, int]]:
    """All contents that were overwritten, oldest first."""
    return list(db.execute("SELECT * FROM overwritten ORDER BY mtime_ns"))


def read_overwritten(file: Path) -> list[tuple[str, str, bytes, int, int]]:
    """Overwritten contents for commands; none where there is no catalogue of this version."""
    if not file.exists():
        return []
    try:
        db = open_reader(file)
        try:
            return overwritten_of(db)
        finally:
            db.close()
    except Error:
        return []


def read_tagged(file: Path) -> list[TaggedRow]:
    """Images inside event files for commands; none where there is no catalogue of this version."""
    if not file.exists():
        return []
    try:
        db = open_reader(file)
        try:
            return all_tagged(db)
        finally:
            db.close()
    except Error:
        return []


def read_series(file: Path) -> tuple[list[SeriesRow], list[RefusedRow]]:
    """What a catalogue says, for commands; nothing where there is none, or one of another version."""
    if not file.exists():
        return [], []
    try:
        db = open_reader(file)
        try:
            return series_of(db), refused_of(db)
        finally:
            db.close()
    except Error:
        return [], []
