"""One run with all that is known of it: settings, scalars, curves, entries, jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.mirror.layout import shown
from expsyncd.state.entries import entries_of, links_of
from expsyncd.state.measured import scalars_of, settings_of
from expsyncd.tab.answers import json_answer
from expsyncd.tab.journal import entry_json, job_json
from expsyncd.tab.runs import curve, key_of, run_json

if TYPE_CHECKING:
    from werkzeug.wrappers import Request, Response

    from expsyncd.state.measured import Point, ScalarRow
    from expsyncd.tab.known import Known

CURVE_POINTS = 200
CURVES_MOST = 40  # tags with a plot; the others have their figures


def run(known: Known, request: Request) -> Response:
    """`?id=`: the run."""
    with known.catalogue() as db:
        key, row = key_of(db, request.args.get("id", ""))
        with known.facts() as facts:
            mark = facts.marks.known().get(key) if facts is not None else None
            jobs = [
                job_json(job)
                for job in (facts.jobs.known(key[0]) if facts is not None else ())
                if (job.source, job.inside) == key[1:]
            ]
        scalars = scalars_of(db, key)
        links = [link for link in links_of(db) if (link.host, link.source, link.inside) == key]
        entries = {entry.entry: entry for entry in entries_of(db)} if links else {}
        return json_answer(
            {
                "run": run_json(row, mark, known) if row is not None else None,
                "log": shown(row.log) if row is not None else "",
                "settings": [
                    {"name": one.name, "value": one.value, "told_by": one.told_by}
                    for one in sorted(settings_of(db, key), key=lambda one: one.name)
                ],
                "scalars": [
                    {
                        **_scalar_json(scalar),
                        "curve": [
                            [step, value] for step, _, value in curve(db, key, scalar.tag, CURVE_POINTS)
                        ]
                        if number < CURVES_MOST
                        else [],
                    }
                    for number, scalar in enumerate(scalars)
                ],
                "entries": [
                    {**entry_json(entries[link.entry]), "score": link.score, "link_why": link.why}
                    for link in links
                    if link.entry in entries
                ],
                "jobs": jobs,
            }
        )


def _scalar_json(row: ScalarRow) -> dict[str, Any]:
    def point(one: Point | None) -> list[float | int] | None:
        return None if one is None else list(one)

    return {
        "tag": row.tag,
        "points": row.points,
        "first": point(row.first),
        "last": point(row.last),
        "least": point(row.least),
        "greatest": point(row.greatest),
    }
