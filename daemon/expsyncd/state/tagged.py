"""The catalogue's tables of images inside event files, and how far each file was looked through."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.state.sqlite import Database

EventFile = tuple[str, str, bytes]  # host, source, path in it


class TaggedRow(NamedTuple):
    """One image summary: `pictures` pictures in the record of `length` bytes at `at`; `wall` in seconds."""

    host: str
    source: str
    path: bytes
    tag: str
    step: int
    wall: float
    at: int
    length: int
    pictures: int


def put_scanned(db: Database, file: EventFile, upto: int, rows: Iterable[TaggedRow]) -> None:
    """A further piece of an event file was looked through, up to a byte."""
    db.execute("INSERT OR REPLACE INTO scanned VALUES (?,?,?,?)", (*file, upto))
    db.executemany("INSERT OR REPLACE INTO tagged VALUES (?,?,?,?,?,?,?,?,?)", rows)


def drop_scanned(db: Database, file: EventFile) -> None:
    """It is another file now."""
    db.execute("DELETE FROM scanned WHERE host=? AND source=? AND path=?", file)
    db.execute("DELETE FROM tagged WHERE host=? AND source=? AND path=?", file)


def all_scanned(db: Database) -> dict[tuple[str, str], dict[bytes, int]]:
    """How far each was looked through, by host and source."""
    found: dict[tuple[str, str], dict[bytes, int]] = {}
    for host, source, path, upto in db.execute("SELECT * FROM scanned"):
        found.setdefault((host, source), {})[path] = upto
    return found


def all_tagged(db: Database) -> list[TaggedRow]:
    """Every image summary, in the order of each file."""
    return [TaggedRow(*row) for row in db.execute("SELECT * FROM tagged ORDER BY host, source, path, at")]
