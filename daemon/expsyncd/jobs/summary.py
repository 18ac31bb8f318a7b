"""The jobs of a host in a few figures, for status. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.jobs.job import FAILED, RUNS, WAITS
from expsyncd.state.asked import JobsState, NextJob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.state.jobs import JobRow

RECENTLY_S = 24 * 3600.0


def summary(rows: Sequence[JobRow], now: datetime) -> JobsState:
    """What waits, what runs, what failed within a day; `rows` are of one host.

    What waits of an array counts as its tasks.
    """
    moment = now.timestamp()
    waiting = [row for row in rows if row.state in WAITS]
    failed = [row for row in rows if row.state in FAILED and moment - (row.ended_at or 0.0) < RECENTLY_S]
    return JobsState(
        running=sum(row.state in RUNS for row in rows),
        pending=sum(tasks(row.job) for row in waiting),
        failed_recently=len(failed),
        next=_next(waiting),
        as_of=now,
    )


def _next(waiting: Sequence[JobRow]) -> NextJob | None:
    if not waiting:
        return None
    expected = [row for row in waiting if row.expected_at is not None]
    first = min(expected, key=lambda row: row.expected_at or 0.0) if expected else None
    first = first or min(waiting, key=lambda row: (row.submitted_at or 0.0, row.job))
    at = None if first.expected_at is None else datetime.fromtimestamp(first.expected_at, UTC)
    return NextJob(first.job, first.name, first.reason, at)


def tasks(job: str) -> int:
    """How many tasks a name like `7_[1-3,9%2]` stands for; one that squeue cut counts what it shows."""
    _, bracket, inside = job.partition("[")
    if not bracket:
        return 1
    count = 0
    for part in inside.rstrip("]").partition("%")[0].split(","):
        first, dash, rest = part.partition("-")
        last, _, step = rest.partition(":")
        if dash and first.isdigit() and last.isdigit() and (not step or step.isdigit()):
            count += max(0, int(last) - int(first)) // max(1, int(step or 1)) + 1
        else:
            count += first.isdigit()
    return max(1, count)
