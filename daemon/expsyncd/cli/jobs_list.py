"""Jobs as a person, a program and a spreadsheet read them. Pure; the time now is given."""

from __future__ import annotations

from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from expsyncd.cli.runs_view.elide import cut
from expsyncd.cli.runs_view.grid import GAP, Column
from expsyncd.cli.screen_page import DIM, GREEN, RED, YELLOW
from expsyncd.clock import rfc3339
from expsyncd.jobs.job import FAILED, RUNS, WAITS
from expsyncd.mirror.layout import shown
from expsyncd.units import human_seconds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import RunKey

RECENT_S = 24 * 3600.0
JOB_WIDE, NAME_WIDE, RUN_WIDE, HOST_WIDE = 16, 18, 18, 12
LEAST_WHY = 16


def chosen(
    rows: Sequence[JobRow],
    runs: Mapping[RunKey, str],
    names: Sequence[str],
    host: str | None,
    states: Sequence[str],
    since: float | None,
) -> list[JobRow]:
    """Those that fit all that was asked: what runs, what waits, what ended; the newest first in each."""
    wanted = {state.upper().replace("-", "_") for state in states}
    found = [
        row
        for row in rows
        if (host is None or row.host == host)
        and (not wanted or row.state in wanted)
        and (not names or any(_fits(row, run_of(row, runs), name) for name in names))
        and (since is None or row.state in WAITS | RUNS or (row.ended_at or row.seen_at) >= since)
    ]
    return sorted(found, key=lambda row: 0 if row.state in RUNS else 1 if row.state in WAITS else 2)


def _fits(row: JobRow, run: str, word: str) -> bool:
    if word in (row.job, f"{row.host}/{row.job}", row.job.partition("_")[0]):
        return True
    pattern = word if any(mark in word for mark in "*?[") else f"*{word}*"
    return any(fnmatchcase(text.casefold(), pattern.casefold()) for text in (row.name, run) if text)


def run_of(row: JobRow, runs: Mapping[RunKey, str]) -> str:
    """The name of its run, or empty."""
    if not row.source:
        return ""
    return runs.get((row.host, row.source, row.inside)) or f"{row.host}/{shown(row.inside) or row.source}"


def table(
    rows: Sequence[JobRow], runs: Mapping[RunKey, str], now: float, width: int, dots: str
) -> list[Column]:
    """Columns for a terminal; the last one says why, in what room there is."""
    columns = [
        _column("JOB", [row.job for row in rows], JOB_WIDE, dots, 0.4),
        _column("NAME", [row.name for row in rows], NAME_WIDE, dots),
        Column("STATE", [word(row) for row in rows], paint=[_colour(row) for row in rows]),
        Column("TIME", [time_of(row, now) for row in rows], right=True),
    ]
    if len({row.host for row in rows}) > 1:
        columns.insert(0, _column("HOST", [row.host for row in rows], HOST_WIDE, dots))
    tied = [run_of(row, runs) for row in rows]
    if any(tied):
        columns.append(_column("RUN", tied, RUN_WIDE, dots, 0.8))
    room = max(LEAST_WHY, width - sum(column.width + GAP for column in columns))
    return [*columns, _column("WHY", [why(row, now) for row in rows], room, dots, 0.0)]


def _column(head: str, texts: Sequence[str], wide: int, dots: str, tail: float = 0.6) -> Column:
    return Column(
        head, [cut(shown(text.encode("utf-8", "surrogateescape")), wide, tail, dots) for text in texts]
    )


def word(row: JobRow) -> str:
    """Slurm's state in our way of writing: `out-of-memory`."""
    return row.state.lower().replace("_", "-")


def _colour(row: JobRow) -> str:
    if row.state in FAILED:
        return RED
    return GREEN if row.state in RUNS else YELLOW if row.state in WAITS else DIM


def time_of(row: JobRow, now: float) -> str:
    """How long it runs, waits or ran."""
    if row.state in WAITS:
        return "" if row.submitted_at is None else human_seconds(now - row.submitted_at)
    if row.started_at is None:
        return ""
    return human_seconds((row.ended_at or (now if row.state in RUNS else row.seen_at)) - row.started_at)


def left_s(row: JobRow, now: float) -> float | None:
    """Seconds until its time is up; None where it has no limit or does not run."""
    if row.state not in RUNS or row.limit_s is None or row.started_at is None:
        return None
    return max(0.0, row.started_at + row.limit_s - now)


def why(row: JobRow, now: float) -> str:
    """Why it waits, where it runs and what time it has, or why and when it ended."""
    if row.state in WAITS:
        soon = row.expected_at is not None and row.expected_at > now
        when = f"; in {human_seconds((row.expected_at or 0) - now)}" if soon else ""
        return f"{row.reason}{when}"
    if row.state in RUNS:
        left = left_s(row, now)
        parts = [row.node, "" if left is None else f"{human_seconds(left)} left"]
        return ", ".join(part for part in parts if part)
    ago = "" if row.ended_at is None else f"{human_seconds(now - row.ended_at)} ago"
    return ", ".join(part for part in (row.ended if row.ended != word(row) else "", ago) if part)


def as_json(row: JobRow, runs: Mapping[RunKey, str], now: float) -> dict[str, Any]:
    """One job of `jobs --json`; texts as they are, paths made harmless."""
    left = left_s(row, now)
    texts = {
        "host": row.host, "job": row.job, "name": row.name, "state": row.state, "reason": row.reason,
        "ended": row.ended, "node": row.node, "partition": row.partition, "depends": row.depends,
        "folder": row.folder, "output": row.output, "errors": row.errors, "command": row.command,
    }  # fmt: skip
    moments = {
        "submitted_at": row.submitted_at, "expected_at": row.expected_at, "started_at": row.started_at,
        "ended_at": row.ended_at, "seen_at": row.seen_at,
    }  # fmt: skip
    return {
        **{key: shown(text.encode("utf-8", "surrogateescape")) for key, text in texts.items()},
        **{key: _moment(at) for key, at in moments.items()},
        "limit_seconds": row.limit_s,
        "left_seconds": None if left is None else round(left),
        "exit_code": row.exit_code,
        "run": shown(run_of(row, runs).encode("utf-8", "surrogateescape")) or None,
        "log": f"{row.host}/{row.log_source}/{shown(row.log)}" if row.log_source else None,
    }


def _moment(at: float | None) -> str | None:
    return None if at is None else rfc3339(datetime.fromtimestamp(at, UTC))
