"""The wall of series: which there are, and what steps the frames of those in view have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.mirror.layout import shown
from expsyncd.state.frames import frames_of
from expsyncd.state.measured import measured_of
from expsyncd.state.series import refused_of
from expsyncd.tab.answers import harmless, json_answer
from expsyncd.tab.ids import id_of
from expsyncd.tab.known import run_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from werkzeug.wrappers import Request, Response

    from expsyncd.state.frames import FrameRow
    from expsyncd.state.series import SeriesRow
    from expsyncd.state.sqlite import Database
    from expsyncd.tab.known import Known

AT_ONCE = 100  # series whose frames are told in one request
REFUSED_SHOWN = 50


def samples(known: Known, _: Request) -> Response:
    """All series, the newest first, and images that are not shown with the reason."""
    index = known.index()
    series = known.series()
    with known.catalogue() as db:
        names = {row.key: row.name for row in measured_of(db)}
        refused = [
            {
                "host": bad.host,
                "source": bad.source,
                "path": shown(bad.path),
                "reason": harmless(bad.reason),
            }
            for bad in refused_of(db)
        ]
    rows = [
        _series_json(number, row, names.get((row.host, row.source, row.run)))
        for number, row in series.items()
    ]
    rows.sort(key=lambda row: -row["newest_at"])
    return json_answer(
        {
            "index": index,
            "series": rows,
            "refused": refused[:REFUSED_SHOWN],
            "refused_total": len(refused),
        }
    )


def frames(known: Known, request: Request) -> Response:
    """`?id=&id=`: by series id, `version` and the steps and labels of its frames in order."""
    found = {}
    with known.catalogue() as db:
        for number in request.args.getlist("id")[:AT_ONCE]:
            row = known.series().get(number)
            if row is not None:
                its = rows_of(db, row)
                found[number] = {
                    "version": version_of(its),
                    "steps": [frame.step for frame in its],
                    "labels": [frame.label for frame in its],
                }
    return json_answer({"frames": found})


def rows_of(db: Database, row: SeriesRow) -> list[FrameRow]:
    """The frames of a series."""
    return frames_of(db, (row.host, row.source, row.run, row.name))


def version_of(its: Sequence[FrameRow]) -> str:
    """How many frames there are, and a word that is another one where a number means another frame."""
    return f"{len(its)}.{id_of(*(frame.block for frame in its[:1]), *(frame.block for frame in its[-1:]))}"


def is_version(its: Sequence[FrameRow], version: str) -> bool:
    """Whether these frames begin with those of `version`: a run that goes on gets more of them at the end."""
    count = version.partition(".")[0]
    return count.isdecimal() and int(count) <= len(its) and version == version_of(its[: int(count)])


def _series_json(number: str, row: SeriesRow, name: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "run": run_id((row.host, row.source, row.run)),
        "run_name": name or "/".join(part for part in (row.host, row.source, shown(row.run)) if part),
        "measured": name is not None,
        "host": row.host,
        "name": shown(row.name),
        "frames": row.frames,
        "shown": row.shown,
        "first_step": row.first_step,
        "last_step": row.last_step,
        "bytes": row.bytes,
        "newest_at": row.newest_at,
        "rendered_at": row.rendered_at,
        "reason": harmless(row.reason),
        "why": row.why,
        "width": row.width,
        "height": row.height,
    }
