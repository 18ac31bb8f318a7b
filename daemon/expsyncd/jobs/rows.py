"""From Slurm's answers to the rows that are kept: what is new, what is known, what has left. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expsyncd.jobs.job import RUNS, UNKNOWN, WAITS
from expsyncd.jobs.output import expanded
from expsyncd.jobs.words import ended, reason
from expsyncd.state.jobs import JobRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from expsyncd.jobs.job import Job


@dataclass(frozen=True)
class Asker:
    """Who asks: the uid and name there, and what makes a text harmless to keep."""

    host: str
    uid: str
    user: str
    redact: Callable[[str], str]


def alive(row: JobRow) -> bool:
    """It waits or runs, as far as is known."""
    return row.state in WAITS or row.state in RUNS


def merged(
    asker: Asker,
    known: Mapping[str, JobRow],
    queue: Sequence[Job] | None,
    accounts: Sequence[Job] | None,
    now: float,
) -> tuple[list[JobRow], list[str]]:
    """Rows to put, and jobs to drop. `queue` and `accounts` are None where squeue or sacct did not answer.

    squeue tells the truth of what waits and runs; sacct may call a job pending for ever that is long gone.
    """
    told = {job.job: job for job in accounts or () if job.ended or queue is None}
    for job in queue or ():
        told[job.job] = _joined(job, told.get(job.job))
    lines = {job.job: job.command for job in accounts or () if job.command}
    rows = [row_of(asker, job, known.get(job.job), lines.get(job.job, ""), now) for job in told.values()]
    if queue is None:
        return rows, []
    left = [row for name, row in known.items() if name not in told and alive(row)]
    # Slurm gives what waits of an array another name whenever a task of it starts.
    dropped = [row.job for row in left if "[" in row.job]
    lost = ended_unseen(asker, (row for row in left if "[" not in row.job), now)
    return rows + lost, dropped


def _joined(queued: Job, ended_: Job | None) -> Job:
    if ended_ is None or not queued.ended:
        return queued
    return replace(queued, by=queued.by or ended_.by)


def row_of(asker: Asker, job: Job, before: JobRow | None, command: str, now: float) -> JobRow:
    """A job as it is kept; what this answer does not tell stays as it was known."""
    output, errors = expanded(job, asker.user)
    row = JobRow(
        host=asker.host,
        job=job.job,
        name=asker.redact(job.name),
        state=job.state,
        reason=asker.redact(reason(job)),
        node=job.nodes,
        partition=job.partition,
        submitted_at=job.submitted_at,
        started_at=None if job.waits else job.start_at,
        ended_at=job.ended_at if job.ended else None,
        limit_s=job.limit_s,
        exit_code=job.exit_code if job.ended else None,
        ended=ended(job, asker.uid),
        folder=job.folder,
        output=output,
        errors=errors,
        command=asker.redact(command or job.command),
        depends=job.depends,
        seen_at=now,
        expected_at=job.start_at if job.waits and job.start_at and job.start_at > now else None,
    )
    if before is None or _another(row, before):
        return row
    output_known = bool(job.output) or not before.output
    return replace(
        row,
        folder=row.folder or before.folder,
        output=row.output if row.output and output_known else before.output,
        errors=row.errors or before.errors,
        command=row.command if command or not before.command else before.command,
        limit_s=row.limit_s or before.limit_s,
        source=before.source,
        inside=before.inside,
        log_source=before.log_source,
        log=before.log,
    )


def _another(row: JobRow, before: JobRow) -> bool:
    """Whether a number means another job now: a controller that lost its state counts from the beginning.

    A job that is requeued is submitted again, too, but keeps its name and its folder.
    """
    if alive(before) or not row.submitted_at or row.submitted_at <= (before.submitted_at or row.submitted_at):
        return False
    return row.name != before.name or bool(row.folder and before.folder and row.folder != before.folder)


def ended_unseen(asker: Asker, rows: Iterable[JobRow], now: float) -> list[JobRow]:
    """Jobs that squeue no longer lists and sacct does not tell of: how they ended is not known."""
    words = "Slurm tells nothing of it any more"
    return [
        replace(row, host=asker.host, state=UNKNOWN, reason="", ended=words, expected_at=None, seen_at=now)
        for row in rows
    ]
