"""Runs for programs and spreadsheets: everything that is known, under one system of names."""

from __future__ import annotations

import csv
import json
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from expsyncd.cli.runs_view.fields import MOMENTS, values
from expsyncd.cli.runs_view.metrics import best, direction
from expsyncd.cli.runs_view.values import for_json, harmless, number
from expsyncd.clock import rfc3339
from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.cli.runs_view.fields import Field
    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import Point, ScalarRow

# What a spreadsheet takes for the beginning of a formula or of a command: OWASP's "CSV injection".
_FORMULA = re.compile(r"[=+\-@\t\r\n]")


def moment(stamp: float | None) -> str | None:
    """Seconds since 1970 as RFC 3339; None for what no calendar has."""
    if stamp is None:
        return None
    try:
        return rfc3339(datetime.fromtimestamp(stamp, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def run_json(seen: Seen) -> dict[str, Any]:
    """One run of `runs --json`. NaN and infinities are texts, as protobuf's JSON has them."""
    row, mark = seen.row, seen.mark
    return {
        "name": row.name,
        "host": row.host,
        "source": row.source,
        "folder": shown(row.inside),
        "kind": row.kind,
        "state": row.state,
        "why": harmless(row.why),
        "began_at": moment(row.began_at),
        "newest_at": moment(row.newest_at),
        "step": row.step,
        "files": row.files,
        "bytes": row.bytes,
        "trouble": harmless(row.trouble),
        "note": harmless(mark.note),
        "tags": [harmless(tag) for tag in mark.tags],
        "pinned": mark.pinned,
        "hidden": mark.hidden,
        "settings": _texts({n: text for n, text in seen.settings.items() if n not in seen.launched}),
        "launched_with": _texts(seen.launched),
        "metrics": {harmless(tag): metric_json(row) for tag, row in sorted(seen.scalars.items())},
        "jobs": [job_json(job) for job in seen.jobs],
    }


def _texts(settings: Mapping[str, str]) -> dict[str, str]:
    return {harmless(name): harmless(text) for name, text in sorted(settings.items())}


def metric_json(row: ScalarRow) -> dict[str, Any]:
    """First, last, least and greatest point of one tag; `best` says which of them it is."""
    return {
        "points": row.points,
        "first": point_json(row.first),
        "last": point_json(row.last),
        "least": point_json(row.least),
        "greatest": point_json(row.greatest),
        "best": direction(row.tag),
    }


def point_json(point: Point | None) -> dict[str, Any] | None:
    """One point."""
    if point is None:
        return None
    return {"step": point[0], "at": wall(point), "value": for_json(point[2])}


def wall(point: Point) -> str | None:
    """When a point was written; tables need not say so."""
    return moment(point[1] or None)


def job_json(job: JobRow) -> dict[str, Any]:
    """One job of a run."""
    return {
        "job": harmless(job.job),
        "state": harmless(job.state),
        "reason": harmless(job.reason),
        "ended": harmless(job.ended),
        "started_at": moment(job.started_at),
        "ended_at": moment(job.ended_at),
    }


def print_json(seen: Sequence[Seen]) -> None:
    """All of them as one list."""
    json.dump([run_json(one) for one in seen], sys.stdout, indent=2, allow_nan=False)
    print()


def print_csv(out: TextIO, seen: Sequence[Seen], chosen: Sequence[Field] = ()) -> None:
    """A line for each run: these fields, or everything under the words that --columns takes."""
    writer = csv.writer(out, lineterminator="\n")
    if chosen:
        writer.writerow([cell(field.word) for field in chosen])
        writer.writerows([_field_cell(field, one) for field in chosen] for one in seen)
        return
    settings = sorted({name for one in seen for name in one.settings})
    tags = sorted({tag for one in seen for tag in one.scalars})
    heads = [*OWN_COLUMNS, *(f"setting:{name}" for name in settings)]
    heads += [head for tag in tags for head in metric_heads(tag)]
    writer.writerow([cell(head) for head in heads])
    for one in seen:
        line = [cell(value) for value in _own(one)]
        line += [cell(one.settings.get(name)) for name in settings]
        line += [cell(value) for tag in tags for value in metric_cells(tag, one.scalars.get(tag))]
        writer.writerow(line)


OWN_COLUMNS = (
    "name", "host", "source", "folder", "kind", "state", "why", "began_at", "newest_at", "step", "files",
    "bytes", "note", "tags", "job", "job_state",
)  # fmt: skip


def _own(one: Seen) -> list[str | float | None]:
    row, job = one.row, one.jobs[0] if one.jobs else None
    return [
        row.name, row.host, row.source, shown(row.inside), row.kind, row.state, row.why, moment(row.began_at),
        moment(row.newest_at), row.step, row.files, row.bytes, one.mark.note or None,
        ", ".join(one.mark.tags) or None, job.job if job else None, job.state if job else None,
    ]  # fmt: skip


def metric_heads(tag: str) -> list[str]:
    """`last:TAG`, and `best:TAG` with its step, or both ends where the name does not say what is best."""
    if direction(tag):
        return [f"last:{tag}", f"best:{tag}", f"best_step:{tag}"]
    return [f"last:{tag}", f"least:{tag}", f"greatest:{tag}"]


def metric_cells(tag: str, row: ScalarRow | None) -> list[float | None]:
    """What stands under `metric_heads`."""
    if row is None:
        return [None, None, None]
    if direction(tag):
        point = best(row)
        return [row.last[2], point and point[2], point and point[0]]
    return [row.last[2], row.least and row.least[2], row.greatest and row.greatest[2]]


def _field_cell(field: Field, one: Seen) -> str:
    found = values(field, one)
    if field.kind == "run" and field.word in MOMENTS:
        return cell(next((moment(value) for value in found if isinstance(value, float)), None))
    if len(found) == 1:
        return cell(found[0])
    return cell(", ".join(str(value) for value in found) or None)


def cell(value: str | float | None) -> str:
    """A value as a spreadsheet may have it: no text can be taken for a formula; numbers stay numbers."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return repr(value)
    text = harmless(value)
    if _FORMULA.match(text) and number(text) is None:
        return f"'{text}"
    return text


def print_points(out: TextIO, points: Iterable[tuple[str, str, Point]]) -> None:
    """Long and tidy: run, tag, step, wall, value; a line for each point."""
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["run", "tag", "step", "wall", "value"])
    for run, tag, point in points:
        writer.writerow([cell(run), cell(tag), point[0], wall(point) or "", repr(point[2])])
