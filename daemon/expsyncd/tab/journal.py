"""The lab notebook: entries by time with their notes, state and runs; and jobs, told beside them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from expsyncd.mirror.layout import shown
from expsyncd.state.entries import entries_of, links_of, unlinked_of
from expsyncd.state.measured import measured_of
from expsyncd.tab.answers import json_answer
from expsyncd.tab.known import run_id

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from expsyncd.state.entries import EntryRow
    from expsyncd.state.jobs import JobRow
    from expsyncd.tab.known import Known


def journal(known: Known, _: Request) -> Response:
    """All entries, the first seen first."""
    index = known.index()
    with known.catalogue() as db:
        names = {row.key: row.name for row in measured_of(db)}
        series = {
            (host, source, run): count
            for host, source, run, count in db.execute(
                "SELECT host, source, run, COUNT(*) FROM series GROUP BY host, source, run"
            )
        }
        links: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
        for link in links_of(db):
            key = (link.host, link.source, link.inside)
            links[link.entry].append(
                {
                    "run": run_id(key),
                    "name": names.get(key) or "/".join((link.host, link.source, shown(link.inside))),
                    "score": link.score,
                    "why": link.why,
                    "by_hand": link.by_hand,
                    "series": series.get(key, 0),
                }
            )
        unlinked = unlinked_of(db)
        rows = [
            {**entry_json(entry), "runs": links[entry.entry], "unlinked": unlinked.get(entry.entry, "")}
            for entry in entries_of(db)
        ]
    return json_answer({"index": index, "entries": rows})


def entry_json(entry: EntryRow) -> dict[str, Any]:
    """One entry."""
    return {
        "id": entry.entry,
        "host": entry.host,
        "script": shown(entry.script),
        "line": entry.line,
        "last_line": entry.last_line,
        "command": entry.command,
        "program": entry.program,
        "kind": entry.kind,
        "heading": entry.heading,
        "notes": entry.notes,
        "settings": dict(entry.settings),
        "state": entry.state,
        "symbolic": entry.symbolic,
        "first_seen_at": entry.first_seen_at,
        "changed_at": entry.changed_at,
    }


def job_json(job: JobRow) -> dict[str, Any]:
    """One job."""
    return {
        "host": job.host,
        "job": job.job,
        "name": job.name,
        "state": job.state,
        "reason": job.reason or job.ended,
        "node": job.node,
        "partition": job.partition,
        "submitted_at": job.submitted_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "limit_s": job.limit_s,
        "seen_at": job.seen_at,
        "run": run_id((job.host, job.source, job.inside)) if job.source else None,
    }
