"""What the catalogue keeps of runs: new points join those of before. In the database thread."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import shown
from expsyncd.runs.gather import Gathered, gather
from expsyncd.runs.tally import Tally, joined
from expsyncd.state import measured, readings
from expsyncd.state.measured import ScalarRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.runs.find import FileSeen, RunSeen
    from expsyncd.runs.reader import Answer
    from expsyncd.state.measured import MeasuredRow, RunKey
    from expsyncd.state.readings import Address, Reading
    from expsyncd.state.sqlite import Database


def before_reading(db: Database, key: RunKey, file: FileSeen) -> tuple[Reading, dict[str, int]]:
    """How far a file was read, and the first steps of the run's tags."""
    address = file.address
    reading = readings.readings_of(db, [address]).get(address) or readings.Reading(*address)
    rows = db.execute(
        "SELECT tag, first_step FROM scalars WHERE host=? AND source=? AND inside=?", key
    ).fetchall()
    return reading, dict(rows)


def take(db: Database, key: RunKey, answer: Answer) -> None:
    """A piece of a file of a run was read."""
    tags = list(answer.news)
    known = {row.tag: row for row in measured.scalars_of(db, key, tags)} if tags else {}
    rows, curves = [], []
    for tag, news in answer.news.items():
        tally = joined(_tally(db, key, known[tag]) if tag in known and not news.anew else None, news)
        rows.append(
            ScalarRow(
                *key, tag, tally.points, tally.first, tally.last, tally.least, tally.greatest, tally.furthest
            )
        )
        curves.append((*key, tag, measured.pack(tally.curve)))
    measured.put_scalars(db, rows)
    measured.put_curves(db, curves)
    readings.put_reading(db, answer.reading)


def begin_again(db: Database, key: RunKey, seen: RunSeen, file: FileSeen | None) -> list[Address]:
    """A file was replaced: forget what came from it. Gives the files to be read again.

    A table's tags have its name before them. Event files of a run make one line together: all of them again,
    as for None, when a file is no longer there.
    """
    if file is not None and file.kind in {"table", "json-lines"}:
        prefix = f"{shown(file.path.rpartition(b'/')[2])}/"
        for table in ("scalars", "curves"):
            db.execute(
                f"DELETE FROM {table} WHERE host=? AND source=? AND inside=?"  # noqa: S608 - our own words
                " AND substr(tag, 1, ?)=?",
                (*key, len(prefix), prefix),
            )
        again = [file.address]
    else:
        for table in ("scalars", "curves"):
            db.execute(
                f"DELETE FROM {table} WHERE host=? AND source=? AND inside=?",  # noqa: S608 - our own words
                key,
            )
        again = [one.address for one in seen.files if one.grows]
    readings.drop_readings(db, again)
    return again


def settle(db: Database, seen: RunSeen) -> tuple[Gathered, int | None]:
    """All there was is read: put the run's settings; what is known of it, and its newest step."""
    gathered, settings = gather(seen, readings.readings_of(db, [file.address for file in seen.files]))
    measured.put_settings(db, seen.key, settings)
    (step,) = db.execute(
        "SELECT MAX(last_step) FROM scalars WHERE host=? AND source=? AND inside=?", seen.key
    ).fetchone()
    return gathered, step


def unread(file: FileSeen) -> FileSeen:
    """It, as no file in the mirror is: there is more of it to read."""
    return replace(file, size=-1)


@dataclass
class Remembered:
    """Of the last start: the files as they were when they were read, the runs, and what went since."""

    read: dict[Address, FileSeen] = field(default_factory=dict)
    unused: list[Address] = field(default_factory=list)
    rows: dict[RunKey, MeasuredRow] = field(default_factory=dict)
    strangers: list[RunKey] = field(default_factory=list)


def remembered(db: Database, runs: Mapping[RunKey, RunSeen]) -> Remembered:
    """What of it still counts for the `runs` that are there.

    Row by row, and by their keys and files: SQLite gives each row texts of its own, and twenty thousand runs
    with their files would be held twice.
    """
    found = Remembered()
    there = {file.address: file for seen in runs.values() for file in seen.files}
    for *address, size, mtime_ns in db.execute("SELECT host, source, path, size, mtime_ns FROM readings"):
        host, source, path = address
        file = there.get((host, source, path))
        if file is None:
            found.unused.append((host, source, path))
        else:
            same = (file.size, file.mtime_ns) == (size, mtime_ns)
            found.read[file.address] = file if same else unread(file)
    for row in measured.each_measured(db):
        run = runs.get(row.key)
        if run is None:
            found.strangers.append(row.key)
        else:
            found.rows[run.key] = replace(row, host=run.host, source=run.source, inside=run.inside)
    return found


def wipe(db: Database) -> None:
    """Nothing is known of any run."""
    for table in ("measured", "settings", "scalars", "curves", "readings"):
        db.execute(f"DELETE FROM {table}")  # noqa: S608 - our own words


def forget(db: Database, keys: Iterable[RunKey], files: Sequence[Address]) -> None:
    """Runs and files that are no longer in the mirror."""
    for key in keys:
        measured.drop_run(db, key)
    readings.drop_readings(db, files)


def _tally(db: Database, key: RunKey, row: ScalarRow) -> Tally:
    curve = tuple(measured.curve_of(db, key, row.tag))
    return Tally(row.points, row.first, row.last, row.least, row.greatest, row.furthest, curve)
