"""The list of series as people, programs and spreadsheets read it."""

from __future__ import annotations

import csv
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from expsyncd.cli.runs_view.records import cell
from expsyncd.cli.terminal import dots
from expsyncd.clock import rfc3339
from expsyncd.mirror.layout import shown
from expsyncd.samples.export import run_name
from expsyncd.samples.records import key_of
from expsyncd.units import human_bytes, human_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.state.series import RefusedRow, SeriesRow

REFUSED_SHOWN = 10


def table(rows: Sequence[SeriesRow], refused: Sequence[RefusedRow], columns: int) -> list[str]:
    """Lines for a terminal of so many columns."""
    if not rows and not refused:
        return ["no series of sample images yet: they appear with the first images of a run"]
    now = datetime.now(UTC).timestamp()
    lines: list[str] = []
    run = ""
    for row in rows:
        key = key_of(row)
        if run != (run := run_name(key)):
            lines += [*([""] if lines else []), _cut(run, columns)]
        steps = "" if row.first_step is None else f"{row.first_step}-{row.last_step}"
        age = human_seconds(max(0.0, now - row.newest_at))
        shown_of = "" if row.shown in (row.frames, 0) else f"{row.shown} of "
        count = f"{shown_of}{row.frames} frame{'' if row.frames == 1 else 's'}"
        size = human_bytes(row.bytes) if row.bytes else ""
        figures = f"{word(row):<6} {count:>10}  {steps:<11} {size:>7} {age:>5}"
        lines.append(f"  {figures}  {_cut(shown(row.name), columns - len(figures) - 4)}")
        if row.reason:
            lines.append(_cut(f"         {shown(row.reason.encode())}", columns))
    if refused:
        lines.append("")
    for bad in refused[:REFUSED_SHOWN]:
        place = f"{bad.host}/{bad.source}/{shown(bad.path)}"
        reason = shown(bad.reason.encode())
        lines.append(f"not shown: {_cut(place, columns - 13 - len(reason))}: {reason}")
    if len(refused) > REFUSED_SHOWN:
        lines.append(f"and {len(refused) - REFUSED_SHOWN} more (--json has all)")
    return lines


def _cut(text: str, room: int) -> str:
    """The end says more than the beginning."""
    room = max(20, room)
    return text if len(text) <= room else dots() + text[-(room - 1) :]


def word(row: SeriesRow) -> str:
    """fresh, stale or failed."""
    if row.reason:
        return "failed"
    return "fresh" if row.rendered_at is not None and row.rendered_at >= row.newest_at else "stale"


def as_json(row: SeriesRow) -> dict[str, Any]:
    """One series of `samples --json`."""
    return {
        "host": row.host,
        "source": row.source,
        "run": shown(row.run),
        "series": shown(row.name),
        "status": word(row),
        "frames": row.frames,
        "shown": row.shown,
        "first_step": row.first_step,
        "last_step": row.last_step,
        "bytes": row.bytes,
        "width": row.width,
        "height": row.height,
        "newest_at": rfc3339(datetime.fromtimestamp(row.newest_at, UTC)),
        "rendered_at": None
        if row.rendered_at is None
        else rfc3339(datetime.fromtimestamp(row.rendered_at, UTC)),
        "path": shown(row.path),
        "reason": row.reason,
        "why": row.why,
    }


def refused_json(bad: RefusedRow) -> dict[str, Any]:
    """One image that is not shown."""
    return {
        "host": bad.host,
        "source": bad.source,
        "path": shown(bad.path),
        "reason": shown(bad.reason.encode()),
    }


def print_csv(rows: list[dict[str, Any]]) -> None:
    """A header and a line for each row; nothing for none."""
    if rows:
        writer = csv.DictWriter(sys.stdout, rows[0])
        writer.writeheader()
        writer.writerows({key: cell(value) for key, value in row.items()} for row in rows)
