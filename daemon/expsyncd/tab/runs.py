"""The table of runs: what is known of all of them, in few bytes, and thin curves for those in view."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.mirror.layout import shown
from expsyncd.state.marks import Mark
from expsyncd.state.measured import MeasuredRow, measured_of, scalars_of, unpack
from expsyncd.tab.answers import harmless, json_answer
from expsyncd.tab.columns import METRICS_SHOWN, SETTINGS_SHOWN, metrics, settings
from expsyncd.tab.known import run_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from werkzeug.wrappers import Request, Response

    from expsyncd.state.measured import Point, RunKey
    from expsyncd.state.sqlite import Database
    from expsyncd.tab.known import Known

COLUMNS_MOST = 12  # metrics or settings in one request
CURVES_MOST = 200  # curves in one request: what is in view and a little more
CURVE_POINTS = 60  # a sparkline is as wide in pixels


def runs(known: Known, request: Request) -> Response:
    """All runs; `?tag=`, `?setting=` choose columns, without them they are chosen well."""
    index = known.index()
    with known.facts() as facts:
        marks = facts.marks.known() if facts is not None else {}
    with known.catalogue() as db:
        tags = metrics(dict(db.execute("SELECT tag, COUNT(*) FROM scalars GROUP BY tag")))
        differing = settings(_differing(db))
        chosen = request.args.getlist("tag")[:COLUMNS_MOST] or tags[:METRICS_SHOWN]
        columns = request.args.getlist("setting")[:COLUMNS_MOST] or differing[:SETTINGS_SHOWN]
        rows = {row.key: run_json(row, marks.get(row.key), known) for row in measured_of(db)}
        _add(db, rows, chosen, columns)
    return json_answer(
        {
            "index": index,
            "tags": tags,
            "settings": differing,
            "chosen": {"tags": chosen, "settings": columns},
            "runs": list(rows.values()),
        }
    )


def run_json(row: MeasuredRow, mark: Mark | None, known: Known) -> dict[str, Any]:
    """One run. `listed`: whether TensorBoard has it now, which is what its folder of links says."""
    mark = mark or Mark(*row.key)
    return {
        "id": run_id(row.key),
        "name": row.name,
        "host": row.host,
        "source": row.source,
        "folder": shown(row.inside),
        "kind": row.kind,
        "state": row.state,
        "why": harmless(row.why),
        "began_at": row.began_at,
        "newest_at": row.newest_at,
        "step": row.step,
        "files": row.files,
        "bytes": row.bytes,
        "trouble": harmless(row.trouble),
        "hidden": mark.hidden,
        "pinned": mark.pinned,
        "note": mark.note,
        "tags": list(mark.tags),
        "listed": os.path.isdir(f"{known.view}/{row.name}"),
        "values": {},
        "settings": {},
        "series": 0,
        "entries": 0,
    }


def curves(known: Known, request: Request) -> Response:
    """`?tag=&id=&id=`: by run id, points [step, value] thinned for a sparkline."""
    tags = request.args.getlist("tag")[:COLUMNS_MOST]
    wanted = set(request.args.getlist("id")[:CURVES_MOST])
    found: dict[str, dict[str, list[list[float | int]]]] = {tag: {} for tag in tags}
    with known.catalogue() as db:
        keys = {run_id(row.key): row.key for row in measured_of(db)}
        for run in wanted & keys.keys():
            for tag in tags:
                if points := curve(db, keys[run], tag, CURVE_POINTS):
                    found[tag][run] = [[step, value] for step, _, value in points]
    return json_answer({"curves": found})


def curve(db: Database, key: RunKey, tag: str, most: int) -> list[Point]:
    """At most `most` points of a curve, the last one always."""
    row = db.execute(
        "SELECT points FROM curves WHERE host=? AND source=? AND inside=? AND tag=?", (*key, tag)
    ).fetchone()
    points = unpack(row[0]) if row else []
    stride = -(-len(points) // most) or 1
    thin = points[::stride]
    if points and thin[-1] is not points[-1]:
        thin.append(points[-1])
    return thin


def keys_of(db: Database) -> dict[str, RunKey]:
    """Every run that is known by its id; those with samples only among them."""
    keys = {run_id(key): key for key in db.execute("SELECT DISTINCT host, source, run FROM series")}
    return keys | {run_id(row.key): row.key for row in measured_of(db)}


def key_of(db: Database, wanted: str) -> tuple[RunKey, MeasuredRow | None]:
    """The run of an id; one with samples only has no row. Raises Error for an unknown one."""
    key = keys_of(db).get(wanted)
    if key is not None:
        return key, next((row for row in measured_of(db) if row.key == key), None)
    raise Error("there is no such run any more", "the list shows those there are")


def _differing(db: Database) -> list[tuple[str, int, int]]:
    (total,) = db.execute("SELECT COUNT(*) FROM measured").fetchone()
    rows = db.execute("SELECT name, COUNT(*), COUNT(DISTINCT value) FROM settings GROUP BY name")
    return [(name, count, values) for name, count, values in rows if values > 1 or count < total]


def _add(
    db: Database, rows: Mapping[RunKey, dict[str, Any]], tags: Sequence[str], settings_shown: Sequence[str]
) -> None:
    for scalar in scalars_of(db, tags=tags):
        row = rows.get((scalar.host, scalar.source, scalar.inside))
        if row is not None:
            row["values"][scalar.tag] = scalar.last[2]
    marks = ",".join("?" * len(settings_shown))
    for host, source, inside, name, value in db.execute(
        f"SELECT host, source, inside, name, value FROM settings WHERE name IN ({marks})",  # noqa: S608 - marks only
        settings_shown,
    ):
        row = rows.get((host, source, inside))
        if row is not None:
            row["settings"][name] = value
    for word, table, folder in (("series", "series", "run"), ("entries", "links", "inside")):
        counted = f"SELECT host, source, {folder}, COUNT(*) FROM {table} GROUP BY host, source, {folder}"  # noqa: S608 - our own words
        for host, source, inside, count in db.execute(counted):
            row = rows.get((host, source, inside))
            if row is not None:
                row[word] = count
