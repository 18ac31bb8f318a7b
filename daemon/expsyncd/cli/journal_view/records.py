"""Entries for programs: JSON, CSV, and a notebook in Markdown."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from expsyncd.cli.runs_view.values import harmless
from expsyncd.clock import rfc3339
from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expsyncd.cli.journal_view.known import Known

COLUMNS = (
    "entry", "host", "script", "line", "last_line", "state", "kind", "program", "command", "heading", "notes",
    "settings", "symbolic", "first_seen_at", "changed_at", "runs", "unlinked",
)  # fmt: skip


def as_json(one: Known) -> dict[str, Any]:
    """One entry of `journal --json`."""
    row = one.row
    return {
        "entry": row.entry,
        "host": row.host,
        "script": shown(row.script),
        "line": row.line,
        "last_line": row.last_line,
        "state": row.state,
        "kind": row.kind,
        "program": row.program,
        "command": row.command,
        "heading": row.heading,
        "notes": one.notes,
        "settings": dict(row.settings),
        "symbolic": row.symbolic,
        "first_seen_at": _time(row.first_seen_at),
        "changed_at": _time(row.changed_at),
        "runs": [
            {
                "run": run.name if run else None,
                "host": link.host,
                "source": link.source,
                "folder": shown(link.inside),
                "state": run.state if run else None,
                "score": link.score,
                "why": link.why,
                "by_hand": link.by_hand,
            }
            for link, run in one.runs
        ],
        "unlinked": one.unlinked,
    }


def print_csv(out: TextIO, entries: Sequence[Known]) -> None:
    """One line an entry; lists are joined."""
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for one in entries:
        row = as_json(one)
        row["notes"] = "\n".join(one.notes)
        row["settings"] = " ".join(f"{name}={value}" for name, value in one.row.settings.items())
        row["runs"] = " ".join(run["run"] or f"{run['host']}/{run['source']}" for run in row["runs"])
        writer.writerow(row)


def notebook(entries: Sequence[Known]) -> Iterator[str]:
    """Lines of a lab notebook: by day and heading, each command with its notes and what came of it."""
    yield "# Lab notebook"
    day = group = ""
    for one in entries:
        row = one.row
        when = datetime.fromtimestamp(row.first_seen_at, UTC).astimezone()
        if day != (day := when.strftime("%Y-%m-%d")):
            yield from ("", f"## {day}")
            group = ""
        if group != (group := f"{one.place} · {row.heading}" if row.heading else one.place):
            yield from ("", f"### {_inline(group)}")
        yield ""
        for note in one.notes:
            yield f"> {_inline(note)}"
        if one.notes:
            yield ""
        fence = "`" * max(3, 1 + _longest_ticks(row.command))
        yield f"{fence}sh"
        yield from (harmless(line) for line in row.command.split("\n"))
        yield fence
        yield ""
        state = f"{when:%H:%M}, {row.state}"
        if row.state != "live":
            state += f" since {datetime.fromtimestamp(row.changed_at, UTC).astimezone():%Y-%m-%d}"
        yield f"- {state}, line {row.line}"
        for link, run in one.runs:
            if run is None:
                yield f"- run {_inline(f'{link.host}/{link.source}/{shown(link.inside)}')}"
            else:
                step = "" if run.step is None else f", step {run.step}"
                yield f"- run **{_inline(run.name)}**: {run.state}{step} ({_inline(link.why)})"
        if not one.runs and one.unlinked.startswith("ambiguous"):
            yield f"- {_inline(one.unlinked)}"


def _inline(text: str) -> str:
    safe = harmless(text)
    for mark in "\\`*_<>[]#|":
        safe = safe.replace(mark, f"\\{mark}")
    return safe


def _longest_ticks(text: str) -> int:
    longest = run = 0
    for character in text:
        run = run + 1 if character == "`" else 0
        longest = max(longest, run)
    return longest


def _time(at: float) -> str | None:
    return rfc3339(datetime.fromtimestamp(at, UTC))
