"""`expsyncd jobs`: what waits and runs in Slurm, and what came of it; no daemon needed."""

from __future__ import annotations

import csv
import json
import os
import sys
import time

from expsyncd.cli.asking import Parser
from expsyncd.cli.jobs_list import RECENT_S, as_json, chosen, table
from expsyncd.cli.runs_view.grid import lines
from expsyncd.cli.terminal import coloured, columns, dots
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.state.catalogue import reading
from expsyncd.state.facts import Facts
from expsyncd.state.jobs import JobRow
from expsyncd.state.measured import RunKey, measured_of
from expsyncd.units import counted, human_seconds

PLAIN = True  # parses its words itself: see `group`
ABOUT = "Slurm's jobs: what waits and why, what runs, what ended within a day and why."
NOTHING = Error("no jobs are known", "`slurm: true` on a host in hosts.yaml asks its Slurm")


def jobs(words: list[str]) -> int:
    """The command. Raises Error where nothing is known."""
    parser = Parser("jobs", ABOUT)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help="a job, a part of its name or run, or a glob"
    )
    parser.add_argument("--host", metavar="HOST", help="of this host")
    parser.add_argument(
        "--state", action="append", metavar="STATE", help="running, pending, failed, timeout, ..."
    )
    parser.add_argument("--all", action="store_true", help="also what ended longer ago")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--csv", action="store_true", help="as CSV")
    given = parser.read(words)
    paths, now = Paths.of(os.environ), time.time()
    rows, asked = known(paths)
    if not rows and not asked:
        raise NOTHING
    runs = run_names(paths)
    found = chosen(
        rows, runs, given.names, given.host, given.state or [], None if given.all else now - RECENT_S
    )
    if given.json:
        json.dump([as_json(row, runs, now) for row in found], sys.stdout, indent=2)
        print()
    elif given.csv:
        values = [as_json(row, runs, now) for row in found]
        heads = as_json(_NO_JOB, {}, now)
        writer = csv.DictWriter(sys.stdout, heads, lineterminator="\n")
        writer.writeheader()
        writer.writerows(values)
    else:
        width = columns()
        if found:
            print("\n".join(lines(table(found, runs, now, width, dots()), colour=coloured())))
            print()
        print(_footer(len(found), len(rows), asked, now))
    return 0


def known(paths: Paths) -> tuple[list[JobRow], dict[str, float]]:
    """The jobs, and when each host's Slurm was last asked."""
    facts = Facts.read_only(paths.facts_db)
    if facts is None:
        return [], {}
    try:
        rows = facts.jobs.known()
        return rows, facts.jobs.asked()
    finally:
        facts.close()


def run_names(paths: Paths) -> dict[RunKey, str]:
    """Runs by key, as TensorBoard calls them; none where there is no catalogue."""
    try:
        with reading(paths.catalogue_db) as db:
            return {row.key: row.name for row in measured_of(db)}
    except Error:
        return {}


def _footer(shown: int, known_: int, asked: dict[str, float], now: float) -> str:
    said = counted(shown, "job") if shown else "no job waits, runs or ended within a day"
    if shown < known_:
        said += f", {known_ - shown} more with --all"
    when = ", ".join(f"{host} asked {human_seconds(now - at)} ago" for host, at in sorted(asked.items())[:4])
    return f"{said}; {when}" if when else said


_NO_JOB = JobRow("", "", "", "", "", "", "", None, None, None, None, None, "", "", "", "", "", "", 0.0)
