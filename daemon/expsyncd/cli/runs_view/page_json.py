"""All that is known of one run, for programs."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from expsyncd.cli.runs_view.records import moment, run_json, wall
from expsyncd.cli.runs_view.values import for_json, harmless
from expsyncd.clock import rfc3339
from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.runs_view.page import Page
    from expsyncd.state.entries import EntryRow, LinkRow
    from expsyncd.state.measured import Point


def page_json(page: Page) -> dict[str, Any]:
    """`show --json`: what `runs --json` has of the run, and more."""
    return {
        **run_json(page.seen),
        "settings_told_by": [harmless(name) for name in page.told_by],
        "resumed": [
            {"file": shown(one.name), "at": moment(one.at), "step": one.step, "reached": one.reached}
            for one in page.resumed
        ],
        "curves": {harmless(tag): _curve(points) for tag, points in page.curves.items()},
        "entries": [_entry(entry, link) for entry, link in page.entries],
        "samples": [
            {
                "series": shown(row.name),
                "frames": row.frames,
                "first_step": row.first_step,
                "last_step": row.last_step,
                "newest_at": moment(row.newest_at),
                "path": shown(row.path),
                "reason": harmless(row.reason),
            }
            for row in page.series
        ],
        "mirror_folder": harmless(page.folder),
        "mirror_files": [
            {
                "path": shown(file.path),
                "bytes": file.size,
                "changed_at": moment(file.mtime),
                "gone_on_host": file.gone,
            }
            for file in page.files
        ],
        "more_files": page.more_files,
        "versions": [
            {
                "id": version.id,
                "path": shown(version.path),
                "kept_at": rfc3339(version.kept_at),
                "bytes": version.size,
                "reason": version.reason,
            }
            for version in page.versions
        ],
    }


def _curve(points: Sequence[Point]) -> list[list[Any]]:
    """[step, time, value] for each point."""
    return [[point[0], wall(point), for_json(point[2])] for point in points]


def _entry(entry: EntryRow, link: LinkRow) -> dict[str, Any]:
    return {
        "entry": entry.entry,
        "host": entry.host,
        "script": shown(entry.script),
        "line": entry.line,
        "command": harmless(entry.command),
        "heading": harmless(entry.heading),
        "notes": harmless(entry.notes),
        "state": entry.state,
        "first_seen_at": moment(entry.first_seen_at),
        "score": link.score,
        "why": harmless(link.why),
        "by_hand": link.by_hand,
    }


def print_page(page: Page) -> None:
    """As JSON on stdout."""
    json.dump(page_json(page), sys.stdout, indent=2, allow_nan=False)
    print()
