"""`expsyncd doctor [HOST]`: looks for what silently kills setups and prints each finding with its fix."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING, Annotated

import typer

from expsyncd.cli.screen import harmless
from expsyncd.cli.service import unit_file
from expsyncd.doctor.examine import examine
from expsyncd.doctor.finding import all_well, as_json
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from expsyncd.doctor.finding import Finding

# Told apart by their words; the colour only helps.
WORDS = {"ok": "ok", "note": "note", "warning": "warn", "problem": "FIX", "unknown": "?"}
COLOURS = {"ok": "32", "note": "2", "warning": "33", "problem": "31", "unknown": "33"}
WORD_WIDTH = 6
AREA_WIDTH = 12
LOOKING = "looking..."


def doctor(
    host: Annotated[
        str | None, typer.Argument(metavar="HOST", help="One host; all, and this computer, without it.")
    ] = None,
    as_json_: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for what silently kills setups; print each finding with the exact fix. Changes nothing.

    Exit status 0 when nothing needs you, else 1.
    """
    findings = asyncio.run(_examine(host, quiet=as_json_))
    if as_json_:
        print(json.dumps(as_json(findings), indent=2))
    else:
        print(_summary(findings))
    raise typer.Exit(0 if all_well(findings) else 1)


async def _examine(host: str | None, *, quiet: bool) -> list[Finding]:
    environment = dict(os.environ)
    found: list[Finding] = []
    live = sys.stderr.isatty() and not quiet
    colour = sys.stdout.isatty() and not environment.get("NO_COLOR")
    width = shutil.get_terminal_size((80, 24)).columns if sys.stdout.isatty() else 80
    if live:
        print(LOOKING, end="\r", file=sys.stderr, flush=True)
    async for place in examine(Paths.of(environment), environment, host, unit_file(environment)):
        found += place
        if not quiet:
            if live:
                print(" " * len(LOOKING), end="\r", file=sys.stderr, flush=True)
            print("\n".join(render(place, width, colour=colour)), flush=True)
            if live:
                print(LOOKING, end="\r", file=sys.stderr, flush=True)
    if live:
        print(" " * len(LOOKING), end="\r", file=sys.stderr, flush=True)
    return found


def render(findings: list[Finding], width: int, *, colour: bool) -> list[str]:
    """The lines of one place; none is wider than `width`, none holds what a host could forge."""
    if not findings:
        return []
    lines = [_paint(harmless(findings[0].place) or "This computer", "1", colour=colour)]
    indent = 2 + WORD_WIDTH + AREA_WIDTH
    for finding in findings:
        word = WORDS[finding.word]
        head = f"  {word:<{WORD_WIDTH}}{finding.area:<{AREA_WIDTH}}"
        wrapped = textwrap.wrap(
            head + harmless(finding.title), width, subsequent_indent=" " * indent, break_on_hyphens=False
        )
        wrapped[0] = wrapped[0].replace(word, _paint(word, COLOURS[finding.word], colour=colour), 1)
        lines += wrapped
        if finding.fix:
            fix = f"{' ' * indent}-> {harmless(finding.fix)}"
            lines += textwrap.wrap(fix, width, subsequent_indent=" " * (indent + 3), break_on_hyphens=False)
    return [*lines, ""]


def _summary(findings: list[Finding]) -> str:
    counts = {word: sum(finding.word == word for finding in findings) for word in WORDS}
    if counts["problem"]:
        return f"{counts['problem']} to fix, {counts['warning']} to know of"
    if counts["warning"]:
        return f"nothing must be fixed, {counts['warning']} to know of"
    return "all is well"


def _paint(text: str, code: str, *, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
