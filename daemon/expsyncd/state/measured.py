"""The catalogue's tables of runs: their state and why, their settings, their scalars with thin curves."""

from __future__ import annotations

import struct
from dataclasses import astuple, dataclass
from sys import intern
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from expsyncd.state.sqlite import Database

RunKey = tuple[str, str, bytes]  # host, source, folder inside the source
Name = bytes  # names on disk are bytes; an alias, since the field `bytes` below hides the type
Point = tuple[int, float, float]  # step, wall time in seconds since 1970, value

TABLES = (
    (
        "CREATE TABLE measured (host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,"
        " name TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL, why TEXT NOT NULL, began_at REAL,"
        " newest_at REAL, step INTEGER, files INTEGER NOT NULL, bytes INTEGER NOT NULL,"
        " trouble TEXT NOT NULL, log BLOB NOT NULL, PRIMARY KEY (host, source, inside))"
    ),
    (
        "CREATE TABLE settings (host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,"
        " name TEXT NOT NULL, value TEXT NOT NULL, told_by TEXT NOT NULL,"
        " PRIMARY KEY (host, source, inside, name)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE scalars (host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,"
        " tag TEXT NOT NULL, points INTEGER NOT NULL,"
        " first_step INTEGER NOT NULL, first_wall REAL NOT NULL, first_value REAL,"
        " last_step INTEGER NOT NULL, last_wall REAL NOT NULL, last_value REAL,"
        " least_step INTEGER, least_wall REAL, least_value REAL,"
        " greatest_step INTEGER, greatest_wall REAL, greatest_value REAL, furthest INTEGER NOT NULL,"
        " PRIMARY KEY (host, source, inside, tag)) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE curves (host TEXT NOT NULL, source TEXT NOT NULL, inside BLOB NOT NULL,"
        " tag TEXT NOT NULL, points BLOB NOT NULL, PRIMARY KEY (host, source, inside, tag))"
    ),
)
_OF = "host=? AND source=? AND inside=?"
_POINT = struct.Struct("<qdd")


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """One run. Times are seconds since 1970, None while unknown; `step` the newest of any tag.

    `name`: as TensorBoard calls it, HOST/RUN. `kind`: tensorboard, table, sacred or wandb. `state`: growing,
    stalled, finished, failed, gone or unknown, with `why` for people. `trouble`: what could not be read, with
    its place. `log`: the run's text log, relative to the source; empty when none was found.
    """

    host: str
    source: str
    inside: Name
    name: str
    kind: str
    state: str
    why: str
    began_at: float | None
    newest_at: float | None
    step: int | None
    files: int
    bytes: int
    trouble: str = ""
    log: Name = b""

    @property
    def key(self) -> RunKey:
        """What identifies the run."""
        return self.host, self.source, self.inside


@dataclass(frozen=True)
class SettingRow:
    """One setting of a run; `value` as text, redacted; `told_by`: the file or kind of record that told it."""

    host: str
    source: str
    inside: Name
    name: str
    value: str
    told_by: str


@dataclass(frozen=True)
class ScalarRow:
    """One scalar tag of a run since it last began from its beginning, see docs/runs.md.

    `least` and `greatest` are None while no value was a number (all NaN). A wall time of 0 is not known:
    tables need not say it. `furthest`: the highest step there was, which a resumed run may not have reached.
    """

    host: str
    source: str
    inside: Name
    tag: str
    points: int
    first: Point
    last: Point
    least: Point | None
    greatest: Point | None
    furthest: int = 0


def pack(points: Iterable[Point]) -> bytes:
    """A curve as the catalogue keeps it: 24 bytes a point, little endian."""
    return b"".join(_POINT.pack(*point) for point in points)


def unpack(packed: bytes) -> list[Point]:
    """The curve again."""
    return list(_POINT.iter_unpack(packed))


def put_measured(db: Database, rows: Iterable[MeasuredRow]) -> None:
    """Insert or replace runs."""
    db.executemany(
        "INSERT OR REPLACE INTO measured VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", (astuple(row) for row in rows)
    )


def put_settings(db: Database, key: RunKey, rows: Iterable[SettingRow]) -> None:
    """Exactly these are the settings of one run."""
    db.execute(f"DELETE FROM settings WHERE {_OF}", key)  # noqa: S608 - our own words
    db.executemany("INSERT OR REPLACE INTO settings VALUES (?,?,?,?,?,?)", (astuple(row) for row in rows))


def put_scalars(db: Database, rows: Iterable[ScalarRow]) -> None:
    """Insert or replace scalar tags. NaN is stored as NULL, which is what SQLite makes of it anyway."""
    nothing = (None, None, None)
    db.executemany(
        "INSERT OR REPLACE INTO scalars VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            (
                row.host, row.source, row.inside, row.tag, row.points,
                *row.first, *row.last, *(row.least or nothing), *(row.greatest or nothing), row.furthest,
            )
            for row in rows
        ),
    )  # fmt: skip


def put_curves(db: Database, rows: Iterable[tuple[str, str, bytes, str, bytes]]) -> None:
    """Insert or replace packed curves: (host, source, inside, tag, points)."""
    db.executemany("INSERT OR REPLACE INTO curves VALUES (?,?,?,?,?)", rows)


def drop_run(db: Database, key: RunKey) -> None:
    """Forget a run that is not in the mirror any more, or is to be read anew."""
    for table in ("measured", "settings", "scalars", "curves"):
        db.execute(f"DELETE FROM {table} WHERE {_OF}", key)  # noqa: S608 - our own words


def measured_of(db: Database) -> list[MeasuredRow]:
    """All runs, by name."""
    return list(each_measured(db, " ORDER BY name"))


def each_measured(db: Database, order: str = "") -> Iterator[MeasuredRow]:
    """All runs, one by one."""
    # What many share is held once: SQLite gives each row texts of its own.
    for host, source, inside, name, kind, state, why, *more in db.execute(f"SELECT * FROM measured{order}"):  # noqa: S608 - our own words
        yield MeasuredRow(
            intern(host), intern(source), inside, name, intern(kind), intern(state), intern(why), *more
        )


def settings_of(db: Database, key: RunKey | None = None) -> list[SettingRow]:
    """The settings of one run or of all."""
    where, given = (f" WHERE {_OF}", key) if key else ("", ())
    rows = db.execute(f"SELECT * FROM settings{where}", given).fetchall()  # noqa: S608 - our own words
    return [SettingRow(*row) for row in rows]


def scalars_of(db: Database, key: RunKey | None = None, tags: Sequence[str] | None = None) -> list[ScalarRow]:
    """The scalars of one run or of all; only `tags` where given. A value that was NaN is NaN again."""
    where: list[str] = []
    given: list[object] = []
    if key:
        where.append(_OF)
        given += key
    if tags is not None:
        where.append(f"tag IN ({','.join('?' * len(tags))})")
        given += tags
    chosen = f" WHERE {' AND '.join(where)}" if where else ""
    rows = db.execute(f"SELECT * FROM scalars{chosen}", given).fetchall()  # noqa: S608 - our own words
    return [_scalar(row) for row in rows]


def curve_of(db: Database, key: RunKey, tag: str) -> list[Point]:
    """A thinned curve in step order; empty for an unknown tag."""
    row = db.execute(f"SELECT points FROM curves WHERE {_OF} AND tag=?", (*key, tag)).fetchone()  # noqa: S608 - our own words
    return unpack(row[0]) if row else []


def _scalar(row: Sequence[object]) -> ScalarRow:
    host, source, inside, tag, points, *rest = row
    nan = float("nan")
    first, last, least, greatest = (
        (step, wall, nan if value is None else value)
        for step, wall, value in (rest[0:3], rest[3:6], rest[6:9], rest[9:12])
    )
    return ScalarRow(
        host, source, inside, tag, points, first, last,  # type: ignore[arg-type] # as the table's columns are
        None if least[0] is None else least, None if greatest[0] is None else greatest,  # type: ignore[arg-type]
        rest[12],  # type: ignore[arg-type]
    )  # fmt: skip
