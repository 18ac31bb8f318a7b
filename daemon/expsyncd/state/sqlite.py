"""Opening SQLite files the one way: private, WAL, readers beside one writer, failures with advice."""

from __future__ import annotations

import os
import sqlite3
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from expsyncd.errors import Error, NeedsUserError
from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BUSY_S = 10.0

# https://sqlite.org/rescode.html: primary code → what is the case, what to do. What is not here is a
# mistake of ours and stays as it is.
REASONS = {
    sqlite3.SQLITE_FULL: ("there is no room left for {file}", "make room on its disk; it goes on by itself"),
    sqlite3.SQLITE_READONLY: ("{file} cannot be written", "is its disk read-only, or the file not yours?"),
    sqlite3.SQLITE_CANTOPEN: ("{file} cannot be opened", "does its folder exist, and is it yours?"),
    sqlite3.SQLITE_PERM: ("{file} cannot be opened", "does its folder exist, and is it yours?"),
    sqlite3.SQLITE_IOERR: ("reading or writing {file} failed", "look at its disk: `dmesg` may say more"),
    sqlite3.SQLITE_BUSY: ("{file} is in use by another program", "`fuser {file}` names it; end that one"),
    sqlite3.SQLITE_LOCKED: ("{file} is in use by another program", "`fuser {file}` names it; end that one"),
}
DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


class DamagedError(NeedsUserError):
    """A database file does not hold what it should; it was left as it is."""


class _Cursor(sqlite3.Cursor):
    """Damage may show at any row, so reading rows goes through the seam as well."""

    def __next__(self) -> Any:
        with explained(_file(self)):
            return super().__next__()

    def fetchone(self) -> Any:
        with explained(_file(self)):
            return super().fetchone()

    def fetchall(self) -> list[Any]:
        with explained(_file(self)):
            return super().fetchall()


class Database(sqlite3.Connection):
    """A connection whose failures are Errors with advice, DamagedError for a damaged file."""

    file: Path

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """As sqlite3's."""
        with explained(self.file):
            return self.cursor(_Cursor).execute(sql, parameters)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """As sqlite3's."""
        with explained(self.file):
            return self.cursor(_Cursor).executemany(sql, parameters)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of the block or nothing."""
        self.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # After some failures (a full disk, damage) SQLite has rolled back by itself.
            if self.in_transaction:
                self.execute("ROLLBACK")
            raise
        self.execute("COMMIT")


@contextmanager
def explained(file: Path) -> Iterator[None]:
    """The one place where SQLite's exceptions become ours."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        whole = getattr(error, "sqlite_errorcode", 0)
        code = sqlite3.SQLITE_FULL if whole == sqlite3.SQLITE_IOERR_SHMSIZE else whole & 0xFF
        # A missing table or column: the schema's number says that it is there.
        if code in DAMAGE or (code == sqlite3.SQLITE_ERROR and str(error).startswith("no such ")):
            raise DamagedError(
                f"{file} is damaged ({error})",
                "it is never deleted for you: stop expsyncd and move it away, or put a backup in its place",
            ) from error
        if code not in REASONS:
            raise
        title, advice = REASONS[code]
        raise Error(f"{title.format(file=file)} ({error})", advice.format(file=file)) from error


def open_writer(file: Path) -> Database:
    """The one writing connection of a database, made 0600.

    WAL with synchronous=NORMAL: no commit is lost when the process is killed (measured: 40 times kill -9),
    and a power cut loses the newest commits at worst, never the file. FULL would flush the disk at each
    commit and gain nothing: what a lost commit told of, old bytes under versions, is found and recorded
    anew at the next start.
    """
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        os.fchmod(descriptor, PRIVATE_FILE)  # one copied here by hand may be open to all
        os.close(descriptor)
    except OSError as error:
        title, advice = REASONS[sqlite3.SQLITE_CANTOPEN]
        raise Error(f"{title.format(file=file)}: {error.strerror}", advice) from error
    connection = _connected(str(file), file)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(file: Path) -> Database:
    """A read-only connection, for commands beside the daemon or without one."""
    return _connected(f"file:{quote(os.fsencode(file))}?mode=ro", file)


def schema_version(connection: Database) -> int:
    """The number its schema carries; 0 for a new file."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def check_sound(connection: Database) -> None:
    """Read it all once: raises DamagedError, so that damage is not met in the middle of a pull."""
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise DamagedError(
            f"{connection.file} is damaged ({found})",
            "it is never deleted for you: stop expsyncd and move it away, or put a backup in its place",
        )


def _connected(name: str, file: Path) -> Database:
    with explained(file):
        connection = sqlite3.connect(
            name,
            uri=name.startswith("file:"),
            timeout=BUSY_S,
            isolation_level=None,
            check_same_thread=False,
            factory=Database,
        )
    connection.file = file
    return connection


def _file(cursor: sqlite3.Cursor) -> Path:
    connection = cursor.connection
    assert isinstance(connection, Database)
    return connection.file
