"""The jobs that are kept in facts.db: takes an answer of Slurm, ties jobs to runs and files, sums them up."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expsyncd.jobs.output import by_folder, place
from expsyncd.jobs.rows import alive, merged
from expsyncd.jobs.summary import summary
from expsyncd.jobs.ties import Candidate, tied

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from expsyncd.jobs.job import Job
    from expsyncd.jobs.output import Folder
    from expsyncd.jobs.rows import Asker
    from expsyncd.state.asked import JobsState
    from expsyncd.state.jobs import JobRow, Jobs
    from expsyncd.state.measured import MeasuredRow

PULLED_FOR_S = 7 * 24 * 3600.0  # the output of jobs that ended longer ago is not asked for any more


@dataclass(frozen=True)
class Taken:
    """What an answer comes to. `wished`: folders with the names of output files that no source holds."""

    state: JobsState
    wished: Mapping[str, tuple[str, ...]]
    queued: bool


class Ledger:
    """Belongs to the database thread. `runs` reads what the catalogue knows of runs."""

    def __init__(self, jobs: Jobs, runs: Callable[[], Sequence[MeasuredRow]]) -> None:
        self._jobs = jobs
        self._runs = runs

    def asked_at(self, host: str) -> float | None:
        """When Slurm of a host was last asked, also by a daemon before this one."""
        return self._jobs.asked_at(host)

    def note_asked(self, host: str, now: datetime) -> None:
        """It is asked now."""
        self._jobs.note_asked(host, now.timestamp())

    def summary(self, host: str, now: datetime) -> JobsState:
        """What is known without asking."""
        return summary(self._jobs.known(host), now)

    def take(
        self,
        asker: Asker,
        queue: Sequence[Job] | None,
        accounts: Sequence[Job] | None,
        folders: Sequence[Folder],
        now: datetime,
    ) -> Taken:
        """Keep what an answer tells; `folders` are the sources of the host."""
        moment = now.timestamp()
        known = {row.job: row for row in self._jobs.known(asker.host)}
        rows, dropped = merged(asker, known, queue, accounts, moment)
        current = {**known, **{row.job: row for row in rows}}
        for name in dropped:
            del current[name]
        recent = [row for row in current.values() if alive(row) or _ended_at(row) > moment - PULLED_FOR_S]
        changed = {row.job: row for row in rows}
        for row in self._tied(asker.host, recent, folders):
            if known.get(row.job) != row:
                changed[row.job] = row
            current[row.job] = row
        self._jobs.put(changed.values())
        self._jobs.drop(asker.host, dropped)
        newest = sorted(recent, key=lambda row: row.submitted_at or row.seen_at, reverse=True)
        paths = [path for row in newest for path in (row.output, row.errors) if path]
        wished = by_folder(path for path in paths if place(path, folders) is None)
        return Taken(
            summary(list(current.values()), now), wished, any(alive(row) for row in current.values())
        )

    def note_logs(self, host: str, folders: Sequence[Folder]) -> None:
        """Where in the mirror the output of each job lies, once its source is there."""
        rows = []
        for row in self._jobs.known(host):
            found = place(row.output, folders) if row.output else None
            if found is not None and found != (row.log_source, row.log):
                rows.append(replace(row, log_source=found[0], log=found[1]))
        self._jobs.put(rows)

    def _tied(self, host: str, rows: Sequence[JobRow], folders: Sequence[Folder]) -> list[JobRow]:
        """The rows with their run, where there is exactly one likely one."""
        paths = {folder.source: folder.path for folder in folders}
        candidates = [
            Candidate(
                run.source, run.inside, _joined(paths[run.source], run.inside), run.began_at, run.newest_at
            )
            for run in self._runs()
            if run.host == host and run.source in paths
        ]
        found = tied(rows, candidates)
        there = {(one.source, one.inside) for one in candidates}
        return [_with_run(row, found.get(row.job), there) for row in rows]


def _with_run(row: JobRow, run: Candidate | None, there: set[tuple[str, bytes]]) -> JobRow:
    if run is not None:
        return replace(row, source=run.source, inside=run.inside)
    # What was tied and is not certain any more is let go; a run that is not there now proves nothing.
    return replace(row, source="", inside=b"") if (row.source, row.inside) in there else row


def _joined(folder: str, inside: bytes) -> str:
    return posixpath.normpath(posixpath.join(folder, inside.decode("utf-8", "surrogateescape")))


def _ended_at(row: JobRow) -> float:
    return row.ended_at if row.ended_at is not None else row.seen_at
