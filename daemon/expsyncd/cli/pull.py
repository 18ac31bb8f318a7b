"""`expsyncd pull`: the plan, then a progress bar per source; in this process when no daemon runs."""

from __future__ import annotations

import json as json_module
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.cli.bars import Bars
from expsyncd.cli.screen import harmless
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import EXIT_FAILED, NotRunningError
from expsyncd.paths import Paths
from expsyncd.units import counted, human_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

# Kinds of outcomes are for programs; a person asks whether it was pulled, the title says why not.
WORDS = {"partial": "pulled in part"}
NOT_PULLED = "not pulled"


def pull(
    what: Annotated[str | None, typer.Argument(metavar="HOST[/SOURCE]", help="All without it.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> int:
    """Pull now: prints the plan, then progress; exit 0 when everything planned arrived."""
    host, _, source = (what or "").partition("/")
    well = True
    told = False
    with Bars(enabled=not json and sys.stdout.isatty()) as bars:
        for event in _events(host or None, source or None, dry_run=dry_run):
            if "event" not in event:
                continue  # the daemon's own last line
            told = True
            if json:
                print(json_module.dumps(event), flush=True)
            elif event["event"] == "progress":
                bars.progress(event)
            elif event["event"] == "plan":
                bars.say(plan_lines(event))
            elif event["event"] == "outcome":
                bars.done(event)
                bars.say(outcome_lines(event))
            well = well and (event["event"] != "outcome" or event["outcome"] == "complete")
    if not told and not json:
        of = f" of {host}" if host else ""
        print(f"nothing to pull: hosts.yaml names no sources{of} (`expsyncd config path`)")
    return 0 if well else EXIT_FAILED


def _events(host: str | None, source: str | None, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    paths = Paths.of(os.environ)
    wish = request("pull", host=host, source=source, dry_run=dry_run)
    try:
        yield from client.stream(paths.control_socket, wish)
    except NotRunningError:
        from expsyncd.once import pull_here

        yield from pull_here(paths, host, source, dry_run=dry_run)


def _name(event: dict[str, Any]) -> str:
    return f"{event['host']}/{event['source']}" if event.get("source") else str(event["host"])


def plan_lines(event: dict[str, Any]) -> list[str]:
    """A plan for people: what comes, and what does not by its reason."""
    event = harmless(event)
    parts = [f"{counted(event['files'], 'file')}, {human_bytes(event['bytes'])} to pull"]
    if event["grown"]:
        parts.append(f"{event['grown']} of them grown")
    if event["gone"]:
        parts.append(f"{event['gone']} gone on the host (kept here)")
    lines = [f"{_name(event)}: " + ", ".join(parts)]
    count: Counter[str] = Counter()
    size: Counter[str] = Counter()
    for one in event["skipped"]:
        count[one["reason"]] += 1
        size[one["reason"]] += one["bytes"]
    for reason, number in count.most_common():
        lines.append(f"  skipped {number} ({human_bytes(size[reason])}): {reason}")
    return lines


def outcome_lines(event: dict[str, Any]) -> list[str]:
    """How a pull ended, for people."""
    event = harmless(event)
    took = f"{counted(event['files'], 'file')}, {human_bytes(event['bytes'])} in {event['seconds']:.1f} s"
    if event["outcome"] == "complete":
        return [f"{_name(event)}: complete, {took}"]
    word = WORDS.get(event["outcome"], NOT_PULLED)
    lines = [f"{_name(event)}: {word}: {event.get('title') or 'it did not succeed'}"]
    return [*lines, f"  {event['advice']}"] if event.get("advice") else lines
