"""The catalogue's tables of the journal: entries that launch scripts hold, and which runs they belong to."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from expsyncd.state.sqlite import Database

TABLES = (
    (
        "CREATE TABLE entries (entry TEXT PRIMARY KEY, host TEXT NOT NULL, script BLOB NOT NULL,"
        " line INTEGER NOT NULL, last_line INTEGER NOT NULL, command TEXT NOT NULL, program TEXT NOT NULL,"
        " kind TEXT NOT NULL, heading TEXT NOT NULL, notes TEXT NOT NULL, settings TEXT NOT NULL,"
        " state TEXT NOT NULL, symbolic INTEGER NOT NULL, first_seen_at REAL NOT NULL,"
        " changed_at REAL NOT NULL)"
    ),
    (
        "CREATE TABLE links (entry TEXT NOT NULL, host TEXT NOT NULL, source TEXT NOT NULL,"
        " inside BLOB NOT NULL, score REAL NOT NULL, why TEXT NOT NULL, by_hand INTEGER NOT NULL,"
        " PRIMARY KEY (entry, host, source, inside))"
    ),
    "CREATE TABLE unlinked (entry TEXT PRIMARY KEY, why TEXT NOT NULL)",
)
_ENTRY = (
    "entry, host, script, line, last_line, command, program, kind, heading, notes, settings, state, symbolic,"
    " first_seen_at, changed_at"
)


@dataclass(frozen=True)
class EntryRow:
    """One command of a launch script with its notes; everything redacted.

    `entry`: its id, the same as long as host, script and command are. `script`: path as configured on the
    host. Lines count from 1. `kind`: live text it came from, such as plain, comment, loop, function,
    heredoc, tmux, ssh, sbatch. `state`: live, commented or removed. `symbolic`: a variable of it is not
    known. Times are seconds since 1970; `changed_at`: when its state last changed.
    """

    entry: str
    host: str
    script: bytes
    line: int
    last_line: int
    command: str
    program: str
    kind: str
    heading: str
    notes: str
    settings: Mapping[str, str] = field(default_factory=dict)
    state: str = "live"
    symbolic: bool = False
    first_seen_at: float = 0.0
    changed_at: float = 0.0


@dataclass(frozen=True)
class LinkRow:
    """An entry belongs to a run; `score` 0 to 1 and `why` in words; `by_hand`: the person said so."""

    entry: str
    host: str
    source: str
    inside: bytes
    score: float
    why: str
    by_hand: bool = False


def put_entries(db: Database, rows: Iterable[EntryRow]) -> None:
    """Exactly these entries."""
    db.execute("DELETE FROM entries")
    db.executemany(
        f"INSERT OR REPLACE INTO entries ({_ENTRY}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",  # noqa: S608 - our own words
        (
            (
                row.entry, row.host, row.script, row.line, row.last_line, row.command, row.program, row.kind,
                row.heading, row.notes, json.dumps(dict(row.settings)), row.state, row.symbolic,
                row.first_seen_at, row.changed_at,
            )
            for row in rows
        ),
    )  # fmt: skip


def put_links(db: Database, rows: Iterable[LinkRow], unlinked: Mapping[str, str]) -> None:
    """Exactly these links; `unlinked` says of other entries why they have none."""
    db.execute("DELETE FROM links")
    db.execute("DELETE FROM unlinked")
    db.executemany(
        "INSERT OR REPLACE INTO links VALUES (?,?,?,?,?,?,?)",
        ((r.entry, r.host, r.source, r.inside, r.score, r.why, r.by_hand) for r in rows),
    )
    db.executemany("INSERT OR REPLACE INTO unlinked VALUES (?,?)", unlinked.items())


def entries_of(db: Database) -> list[EntryRow]:
    """All entries, by the time they were first seen; those of one line as they were put in."""
    rows = db.execute(f"SELECT {_ENTRY} FROM entries ORDER BY first_seen_at, host, script, line, rowid")  # noqa: S608 - our own words
    found = []
    for values in rows:
        row = list(values)
        row[10], row[12] = json.loads(row[10]), bool(row[12])
        found.append(EntryRow(*row))
    return found


def links_of(db: Database) -> list[LinkRow]:
    """All links, best first."""
    rows = db.execute("SELECT * FROM links ORDER BY score DESC, entry, host, source, inside")
    return [LinkRow(*[*row[:6], bool(row[6])]) for row in rows]


def unlinked_of(db: Database) -> dict[str, str]:
    """Why the other entries have no run."""
    return dict(db.execute("SELECT entry, why FROM unlinked"))
