"""Jobs that Slurm told of, kept in facts.db: a controller forgets them in days, the journal does not."""

from __future__ import annotations

from dataclasses import astuple, dataclass, fields
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.state.sqlite import Database


@dataclass(frozen=True)
class JobRow:
    """One job or array task as last seen. Times are seconds since 1970, None while unknown; texts redacted.

    `job`: as squeue prints it (`123`, `123_4`). `state`: Slurm's word (PENDING, RUNNING, COMPLETED, …).
    `reason`: why it is pending, for people. `ended`: why it ended, for people (out of memory, out of time,
    preempted, node failed, exit 1). `source`, `inside`: the folder of the run it belongs to, or empty.
    `log_source`, `log`: where its output lies in the mirror, or empty. `expected_at`: when Slurm means to
    start it.
    """

    host: str
    job: str
    name: str
    state: str
    reason: str
    node: str
    partition: str
    submitted_at: float | None
    started_at: float | None
    ended_at: float | None
    limit_s: float | None
    exit_code: int | None
    ended: str
    folder: str
    output: str
    errors: str
    command: str
    depends: str
    seen_at: float
    source: str = ""
    inside: bytes = b""
    log_source: str = ""
    log: bytes = b""
    expected_at: float | None = None


_COLUMNS = ", ".join(field.name for field in fields(JobRow))


class Jobs:
    """The table of facts.db; synchronous, in the database thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, rows: Iterable[JobRow]) -> None:
        """Insert or replace jobs."""
        marks = ",".join("?" * len(fields(JobRow)))
        with self._db.transaction():
            self._db.executemany(
                f"INSERT OR REPLACE INTO jobs ({_COLUMNS}) VALUES ({marks})",  # noqa: S608 - our own words
                (astuple(row) for row in rows),
            )

    def drop(self, host: str, jobs: Iterable[str]) -> None:
        """Forget jobs by what squeue called them, say pending parts of an array that have shrunk."""
        with self._db.transaction():
            self._db.executemany("DELETE FROM jobs WHERE host=? AND job=?", ((host, job) for job in jobs))

    def note_asked(self, host: str, at: float) -> None:
        """Slurm of this host was asked just now: a daemon that starts again keeps the pause."""
        self._db.execute("INSERT OR REPLACE INTO jobs_asked (host, at) VALUES (?,?)", (host, at))

    def asked_at(self, host: str) -> float | None:
        """When Slurm of this host was last asked."""
        row = self._db.execute("SELECT at FROM jobs_asked WHERE host=?", (host,)).fetchone()
        return None if row is None else float(row[0])

    def asked(self) -> dict[str, float]:
        """Hosts whose Slurm was asked, and when."""
        return dict(self._db.execute("SELECT host, at FROM jobs_asked"))

    def known(self, host: str | None = None) -> list[JobRow]:
        """All jobs, newest first."""
        rows = self._db.execute(
            f"SELECT {_COLUMNS} FROM jobs WHERE (?1 IS NULL OR host=?1)"  # noqa: S608 - our own words
            " ORDER BY COALESCE(submitted_at, seen_at) DESC, host, job DESC",
            (host,),
        )
        return [JobRow(*row) for row in rows]
