"""`expsyncd runs`: what was trained, with what settings, and what came of it; no daemon needed."""

from __future__ import annotations

import os
import sys
import textwrap
import time
from typing import TYPE_CHECKING

from expsyncd.cli import terminal
from expsyncd.cli.asking import WORDS, Parser, add_filters, ask_of, listed
from expsyncd.cli.runs_view import columns, grid
from expsyncd.cli.runs_view.ask import Answer, answer, fill, resolved
from expsyncd.cli.runs_view.listed import Listing
from expsyncd.cli.runs_view.read import Reader, reader
from expsyncd.control.client import is_served
from expsyncd.paths import Paths
from expsyncd.units import counted

if TYPE_CHECKING:
    from expsyncd.cli.runs_view.fields import Field

PLAIN = True  # parses its words itself: see `group`
ABOUT = "Runs with state, step, age, the most telling metrics (last values) and the\nsettings that differ."
NOT_RUNNING = "expsyncd is not running: states are as it saw them last"
COLUMNS_A_METRIC = 20  # of the terminal's; more metrics than fit are read for nothing


def runs(words: list[str]) -> int:
    """The command. Raises Error where there is nothing to list, or a word means nothing."""
    parser = Parser("runs", ABOUT, WORDS)
    add_filters(parser)
    parser.add_argument("--columns", metavar="WORD,...", help="exactly these, like name,lr,best:val/loss")
    parser.add_argument("--json", action="store_true", help="as JSON, with all settings and metrics")
    parser.add_argument("--csv", action="store_true", help="as CSV, with all settings and metrics")
    given = parser.read(words)
    now = time.time()
    paths = Paths.of(os.environ)
    with reader(paths) as known:
        found = answer(known, ask_of(given), now)
        chosen = [resolved(known, word) for word in listed(given.columns)]
        if given.json or given.csv:
            from expsyncd.cli.runs_view.records import print_csv, print_json

            known.settings(found.seen)
            known.scalars(found.seen)
            if given.json:
                print_json(found.seen)
            else:
                print_csv(sys.stdout, found.seen, chosen)
        else:
            lines = table(known, found, chosen, now)
            print("\n".join(lines if is_served(paths.control_socket) else [*lines, NOT_RUNNING]))
    return 0


def table(known: Reader, found: Answer, chosen: list[Field], now: float) -> list[str]:
    """The lines for a terminal."""
    if not found.seen:
        return [f"none of the {counted(found.of, 'run')} is like that"]
    width = terminal.columns()
    listing = Listing(found.seen, now, width, terminal.dots())
    if chosen:
        fill(known, found.seen, chosen)
        made, left = listing.asked(chosen), 0
    else:
        made, left = listing.chosen(_wanted(known, found, width))
    return [*grid.lines(made, colour=terminal.coloured()), "", *textwrap.wrap(footer(found, left), width)]


def _wanted(known: Reader, found: Answer, width: int) -> list[Field]:
    names = known.setting_names(found.seen)
    known.settings(found.seen, [name for name, distinct in names.items() if distinct > 1])
    tags = columns.metrics(len(found.seen), known.tags(found.seen), width // COLUMNS_A_METRIC)
    known.scalars(found.seen, tags)
    return list(columns.in_turn(tags, columns.differing(found.seen)))


def footer(found: Answer, left: int) -> str:
    """How many there are, what had no room, what could not be read."""
    words = counted(len(found.seen), "run")
    if len(found.seen) + found.left < found.of:
        words += f" of {found.of}"
    if found.left:
        words += f", {found.left} more without --limit"
    if left:
        words += f"; {counted(left, 'more column')} in --csv, or by --columns"
    if trouble := sum(1 for one in found.seen if one.row.trouble):
        words += f"; {trouble} not read whole, `expsyncd show RUN` says why"
    return words
