"""catalogue.db: what can be rebuilt from the mirror. Damage or another schema empties it."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

from expsyncd.errors import Error
from expsyncd.state import entries, frames, measured, readings, series
from expsyncd.state.sqlite import DamagedError, check_sound, open_reader, open_writer, schema_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from expsyncd.state.sqlite import Database

logger = logging.getLogger(__name__)

T = TypeVar("T")

SCHEMA = 6
_TABLES = (
    (
        "CREATE TABLE runs (host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,"
        " files INTEGER NOT NULL, bytes INTEGER NOT NULL, newest_at REAL NOT NULL,"
        " PRIMARY KEY (host, source, inside))"
    ),
    *series.TABLES,
    *frames.TABLES,
    *measured.TABLES,
    *readings.TABLES,
    *entries.TABLES,
)


class RunLike(Protocol):
    """What a scan of the mirror says of a run."""

    @property
    def host(self) -> str: ...  # noqa: D102
    @property
    def source(self) -> str: ...  # noqa: D102
    @property
    def inside(self) -> bytes: ...  # noqa: D102
    @property
    def files(self) -> Sequence[bytes]: ...  # noqa: D102
    @property
    def bytes(self) -> int: ...  # noqa: D102
    @property
    def newest_mtime_ns(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class RunRow:
    """A run as the catalogue knows it: event files, their bytes, the newest one's time."""

    host: str
    source: str
    inside: bytes
    files: int
    bytes: int
    newest_at: datetime


class Catalogue:
    """The open database; belongs to the database thread.

    `rebuilt`: it was made anew and holds nothing until the next `put_runs`, so a scan should follow.
    `made`: how many times that was.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self.rebuilt = False
        self.made = 0
        self._lost = False
        self._db = self._opened()

    @classmethod
    def open(cls, file: Path) -> Catalogue:
        """Open it, making it anew when it is absent, damaged or of another schema.

        Raises Error when it cannot be used now (no room, no permission); then nothing is removed.
        """
        return cls(file)

    def close(self) -> None:
        """Close it."""
        self._db.close()

    def put_runs(self, runs: Sequence[RunLike]) -> None:
        """Exactly these runs are in the mirror. Damage found on the way costs one rebuild."""
        try:
            self._put_runs(runs)
        except DamagedError as error:
            self._rebuild(error)
            self._put_runs(runs)
        self.rebuilt = False

    def runs(self) -> list[RunRow]:
        """All runs, by host and source; none, and `rebuilt`, after damage."""
        try:
            return _runs(self._found())
        except DamagedError as error:
            self._rebuild(error)
            return []

    def write(self, function: Callable[[Database], None]) -> None:
        """Change more of it in one transaction. Damage found on the way costs one rebuild."""
        try:
            with self._found().transaction():
                function(self._db)
        except DamagedError as error:
            self._rebuild(error)
            with self._db.transaction():
                function(self._db)

    def read(self, function: Callable[[Database], T], nothing: T) -> T:
        """What `function` reads; `nothing` after damage, which costs a rebuild."""
        try:
            return function(self._found())
        except DamagedError as error:
            self._rebuild(error)
            return nothing

    def _found(self) -> Database:
        """The open database; opened again where it could not be made anew after damage (no room)."""
        if self._lost:
            self._db, self._lost = self._opened(), False
        return self._db

    def _put_runs(self, runs: Sequence[RunLike]) -> None:
        with self._found().transaction():
            self._db.execute("DELETE FROM runs")
            self._db.executemany(
                "INSERT INTO runs VALUES (?,?,?,?,?,?)",
                (
                    (run.host, run.source, run.inside, len(run.files), run.bytes, run.newest_mtime_ns / 1e9)
                    for run in runs
                ),
            )

    def _opened(self) -> Database:
        try:
            found = open_writer(self._file)
        except DamagedError as error:
            return self._made(error)
        try:
            if schema_version(found) == SCHEMA:
                check_sound(found)
                return found
            damage = None
        except DamagedError as error:
            damage = error
        except BaseException:
            found.close()
            raise
        found.close()
        return self._made(damage)

    def _rebuild(self, damage: DamagedError) -> None:
        self._db.close()
        self._lost = True
        self._db, self._lost = self._made(damage), False

    def _made(self, damage: DamagedError | None) -> Database:
        if damage:
            logger.warning("%s; it is rebuilt from the mirror", damage.title)
        remove(self._file)
        made = open_writer(self._file)
        try:
            with made.transaction():
                for statement in _TABLES:
                    made.execute(statement)
                made.execute(f"PRAGMA user_version={SCHEMA}")
        except BaseException:
            made.close()
            raise
        self.rebuilt = True
        self.made += 1
        return made


def _runs(connection: Database) -> list[RunRow]:
    rows = connection.execute("SELECT * FROM runs ORDER BY host, source, inside")
    return [
        RunRow(host, source, inside, files, size, datetime.fromtimestamp(newest_at, UTC))
        for host, source, inside, files, size, newest_at in rows
    ]


def read_runs(file: Path) -> list[RunRow]:
    """What a catalogue says, for commands beside the daemon; nothing where there is none or it is damaged."""
    if not file.exists():
        return []
    try:
        connection = open_reader(file)
        try:
            return _runs(connection)
        finally:
            connection.close()
    except Error:
        return []


@contextmanager
def reading(file: Path) -> Iterator[Database]:
    """A read-only look, for commands that say why there is nothing to see.

    Raises Error where there is no catalogue yet, or one of another version.
    """
    if not file.exists():
        raise Error("there is no catalogue yet", "start expsyncd: it makes one from the mirror")
    connection = open_reader(file)
    try:
        if schema_version(connection) != SCHEMA:
            raise Error(
                "the catalogue is of another version of expsyncd",
                "start the daemon of this version: it makes the catalogue anew from the mirror",
            )
        yield connection
    finally:
        connection.close()


def remove(file: Path) -> None:
    """Remove a database with the files SQLite keeps beside it."""
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        file.with_name(name).unlink(missing_ok=True)
