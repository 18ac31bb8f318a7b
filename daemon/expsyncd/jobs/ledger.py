"""The jobs that are kept in facts.db, and what an answer makes of them: rows, runs, wished files, a sum."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expsyncd.jobs.output import by_folder, place
from expsyncd.jobs.rows import alive, merged
from expsyncd.jobs.summary import summary
from expsyncd.jobs.ties import Candidate, tied

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from expsyncd.jobs.job import Job
    from expsyncd.jobs.output import Folder
    from expsyncd.jobs.rows import Asker
    from expsyncd.state.asked import JobsState
    from expsyncd.state.jobs import JobRow, Jobs
    from expsyncd.state.measured import MeasuredRow

PULLED_FOR_S = 7 * 24 * 3600.0  # the output of jobs that ended longer ago is not asked for any more
SETTLED_S = 3600.0  # after its end a job's run changes no more
MOST_TIED = 1000  # of the newest; older ones keep the run they have


@dataclass(frozen=True)
class Weighed:
    """What an answer comes to. `wished`: folders and the names of output files that no other source holds."""

    changed: tuple[JobRow, ...]
    dropped: tuple[str, ...]
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

    def known(self, host: str) -> tuple[list[JobRow], list[MeasuredRow]]:
        """The jobs of a host, and its runs."""
        return self._jobs.known(host), [run for run in self._runs() if run.host == host]

    def keep(self, host: str, weighed: Weighed) -> None:
        """Write down what an answer changed."""
        self._jobs.put(weighed.changed)
        self._jobs.drop(host, weighed.dropped)

    def note_logs(self, host: str, folders: Sequence[Folder]) -> None:
        """Where in the mirror the output of each job lies, once its source is there."""
        rows = []
        for row in self._jobs.known(host):
            found = place(row.output, folders) if row.output else None
            if found is not None and found != (row.log_source, row.log):
                rows.append(replace(row, log_source=found[0], log=found[1]))
        self._jobs.put(rows)


def weigh(
    asker: Asker,
    known: tuple[Sequence[JobRow], Sequence[MeasuredRow]],
    queue: Sequence[Job] | None,
    accounts: Sequence[Job] | None,
    folders: Sequence[Folder],
    now: datetime,
) -> Weighed:
    """What an answer says of what was known; `folders`: the host's sources. Takes time: for a thread."""
    jobs, runs = known
    moment = now.timestamp()
    before = {row.job: row for row in jobs}
    rows, dropped = merged(asker, before, queue, accounts, moment)
    current = {**before, **{row.job: row for row in rows}}
    for name in dropped:
        del current[name]
    recent = _recent(current.values(), moment)
    open_ = [row for row in recent if not row.source or (row.ended_at or moment) > moment - SETTLED_S]
    weighed = open_[:MOST_TIED]
    others = current.keys() - {row.job for row in weighed}
    held = {(current[job].source, current[job].inside) for job in others}
    for row in _with_runs(weighed, runs, folders, held):
        current[row.job] = row
    return Weighed(
        tuple(row for row in current.values() if before.get(row.job) != row),
        tuple(dropped),
        summary(list(current.values()), now),
        wished(current.values(), folders, now),
        any(alive(row) for row in current.values()),
    )


def wished(rows: Iterable[JobRow], folders: Sequence[Folder], now: datetime) -> dict[str, tuple[str, ...]]:
    """Folders and names of output that no source holds but those that were made for it."""
    others = [folder for folder in folders if not folder.made]
    paths = [path for row in _recent(rows, now.timestamp()) for path in (row.output, row.errors) if path]
    return by_folder(path for path in paths if place(path, others) is None)


def _recent(rows: Iterable[JobRow], moment: float) -> list[JobRow]:
    """What waits, runs or ended not long ago, the newest first."""
    found = [row for row in rows if alive(row) or (row.ended_at or row.seen_at) > moment - PULLED_FOR_S]
    return sorted(found, key=lambda row: row.submitted_at or row.seen_at, reverse=True)


def _with_runs(
    rows: Sequence[JobRow],
    runs: Sequence[MeasuredRow],
    folders: Sequence[Folder],
    held: Collection[tuple[str, bytes]],
) -> list[JobRow]:
    """The rows with their run, where there is exactly one likely one."""
    paths = {folder.source: folder.path for folder in folders}
    candidates = [
        Candidate(run.source, run.inside, _joined(paths[run.source], run.inside), run.began_at, run.newest_at)
        for run in runs
        if run.source in paths
    ]
    found = tied(rows, candidates, held)
    there = {(one.source, one.inside) for one in candidates}
    return [_with_run(row, found.get(row.job), there) for row in rows]


def _with_run(row: JobRow, run: Candidate | None, there: set[tuple[str, bytes]]) -> JobRow:
    if run is not None:
        return replace(row, source=run.source, inside=run.inside)
    # What was tied and is not certain any more is let go; a run that is not there now proves nothing.
    return replace(row, source="", inside=b"") if (row.source, row.inside) in there else row


def _joined(folder: str, inside: bytes) -> str:
    return posixpath.normpath(posixpath.join(folder, inside.decode("utf-8", "surrogateescape")))
