"""`expsyncd diff`: what differs between runs; no daemon needed."""

from __future__ import annotations

import csv
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from expsyncd.cli import terminal
from expsyncd.cli.asking import Parser
from expsyncd.cli.runs_view.difference import compare
from expsyncd.cli.runs_view.names import several_of
from expsyncd.cli.runs_view.read import reader
from expsyncd.cli.runs_view.records import cell
from expsyncd.cli.runs_view.side_by_side import lines
from expsyncd.cli.runs_view.values import for_json, harmless
from expsyncd.errors import EXIT_USAGE, Error
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.runs_view.difference import Row
    from expsyncd.cli.runs_view.seen import Seen

PLAIN = True  # parses its words itself: see `group`
ABOUT = """Settings and metrics that differ between runs, side by side; * marks the best.

What the best of a metric is, its name says: the least loss, error, fid, ...,
the greatest accuracy, psnr, score, ...; of others both ends are shown."""


def diff(words: list[str]) -> int:
    """The command. Raises Error when a word means no run, or all of them mean one."""
    parser = Parser("diff", ABOUT)
    parser.add_argument("runs", nargs="+", metavar="RUN", help="HOST/RUN, its end, or a glob for several")
    parser.add_argument("--all", action="store_true", help="also what is the same")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--csv", action="store_true", help="as CSV, a line for each setting and metric")
    given = parser.read(words)
    with reader(Paths.of(os.environ)) as known:
        everything = {one.name: one for one in known.runs()}
        seen = [everything[name] for name in several_of(list(everything), given.runs)]
        if len(seen) < 2:
            error = Error(
                f"{seen[0].name} is only one run", "name two runs or more, or a glob that means several"
            )
            error.exit_status = EXIT_USAGE
            raise error
        known.settings(seen)
        known.scalars(seen)
    rows = compare(seen, everything=given.all)
    if given.json:
        print(json.dumps(_json(seen, rows), indent=2, allow_nan=False))
    elif given.csv:
        _print_csv(seen, rows)
    elif not rows:
        print(f"nothing differs between these {len(seen)} runs")
    else:
        names = [one.name for one in seen]
        print(
            "\n".join(
                lines(rows, names, terminal.columns(), colour=terminal.coloured(), dots=terminal.dots())
            )
        )
    return 0


def _json(seen: Sequence[Seen], rows: Sequence[Row]) -> dict[str, Any]:
    names = [one.name for one in seen]
    return {
        "runs": names,
        "rows": [
            {
                "kind": row.kind,
                "name": harmless(row.name),
                "differs": row.differs,
                "values": {
                    name: harmless(value) if isinstance(value, str) else for_json(value)
                    for name, value in zip(names, row.values, strict=True)
                },
                "best": [names[number] for number in row.best],
            }
            for row in rows
        ],
    }


def _print_csv(seen: Sequence[Seen], rows: Sequence[Row]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["kind", "name", *(cell(one.name) for one in seen), "best"])
    for row in rows:
        winners = "; ".join(seen[number].name for number in row.best)
        writer.writerow([row.kind, cell(row.name), *(cell(value) for value in row.values), cell(winners)])
