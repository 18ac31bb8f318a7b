"""The catalogue's table of what was read of which file of a run, and how far."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expsyncd.state.sqlite import Database

Address = tuple[str, str, bytes]  # host, source, path inside the source

TABLES = (
    (
        "CREATE TABLE readings (host TEXT NOT NULL, source TEXT NOT NULL, path BLOB NOT NULL,"
        " size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, offset INTEGER NOT NULL, mark TEXT NOT NULL,"
        " held TEXT NOT NULL, note TEXT NOT NULL, PRIMARY KEY (host, source, path)) WITHOUT ROWID"
    ),
)


class FileLike(Protocol):
    """A file as it was seen in the mirror."""

    @property
    def address(self) -> Address: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102
    @property
    def mtime_ns(self) -> int: ...  # noqa: D102


@dataclass(frozen=True)
class Reading:
    """One file: as it was seen when it was read up to `offset`; `mark` tells whether it is the same still.

    `size` is -1 while there is more of it to read. `held`: what its reader wants to know next time, and what
    it found besides scalars. `note`: what of it could not be read, for people.
    """

    host: str
    source: str
    path: bytes
    size: int = -1
    mtime_ns: int = 0
    offset: int = 0
    mark: str = ""
    held: Mapping[str, Any] = field(default_factory=dict)
    note: str = ""

    @property
    def address(self) -> Address:
        """Which file."""
        return self.host, self.source, self.path

    def is_of(self, file: FileLike) -> bool:
        """Whether the file was read as it is now."""
        return (self.size, self.mtime_ns) == (file.size, file.mtime_ns)

    def grown(
        self, file: FileLike, *, offset: int, mark: str, held: Mapping[str, Any], note: str, whole: bool
    ) -> Reading:
        """After one more piece; `whole`: all there was of `file`."""
        size = file.size if whole else -1
        return Reading(*self.address, size, file.mtime_ns, offset, mark, held, note)


def put_reading(db: Database, reading: Reading) -> None:
    """Insert or replace one."""
    db.execute(
        "INSERT OR REPLACE INTO readings VALUES (?,?,?,?,?,?,?,?,?)",
        (
            *reading.address, reading.size, reading.mtime_ns, reading.offset, reading.mark,
            json.dumps(dict(reading.held)), reading.note,
        ),
    )  # fmt: skip


def drop_readings(db: Database, addresses: Iterable[Address]) -> None:
    """Forget files: they are gone, or to be read from their beginning."""
    db.executemany("DELETE FROM readings WHERE host=? AND source=? AND path=?", addresses)


def readings_of(db: Database, addresses: Iterable[Address] | None = None) -> dict[Address, Reading]:
    """Those of some files, or all."""
    rows = []
    if addresses is None:
        rows = db.execute("SELECT * FROM readings").fetchall()
    else:
        for address in addresses:
            rows += db.execute(
                "SELECT * FROM readings WHERE host=? AND source=? AND path=?", address
            ).fetchall()
    return {
        (host, source, path): Reading(
            host, source, path, size, mtime_ns, offset, mark, json.loads(held), note
        )
        for host, source, path, size, mtime_ns, offset, mark, held, note in rows
    }
