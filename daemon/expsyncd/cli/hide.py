"""`expsyncd hide | unhide | pin | unpin`: which runs TensorBoard shows."""

from __future__ import annotations

import json as json_module
import os
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.config.durations import parse_duration
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import NotRunningError
from expsyncd.paths import Paths
from expsyncd.units import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

LISTED = 20  # names printed; the rest is counted

Runs = Annotated[
    list[str] | None, typer.Argument(metavar="RUN", help="HOST/RUN, its end, or a glob in quotes.")
]
Host = Annotated[str | None, typer.Option("--host", metavar="HOST", help="Runs of this host only (a glob).")]
Older = Annotated[
    str | None, typer.Option("--older-than", metavar="AGE", help="Only runs not written for so long: 30d.")
]
Dry = Annotated[bool, typer.Option("--dry-run", help="Say which runs it would be; change nothing.")]
Json = Annotated[bool, typer.Option("--json", help="As JSON.")]


def hide(
    runs: Runs = None, host: Host = None, older_than: Older = None, dry_run: Dry = False, json: Json = False
) -> None:
    """Take runs out of TensorBoard, for good; they are pulled and listed as before."""
    _mark(runs, host, older_than, {"hidden": True}, ("hidden", "hidden already"), dry_run=dry_run, json=json)


def unhide(
    runs: Runs = None,
    host: Host = None,
    older_than: Older = None,
    by_rule: Annotated[
        bool, typer.Option("--by-rule", help="Leave it to `tensorboard: show:` again.")
    ] = False,
    dry_run: Dry = False,
    json: Json = False,
) -> None:
    """Show runs in TensorBoard, also those that `tensorboard: show:` folds."""
    said = ("left to the rule", "left to the rule already") if by_rule else ("shown", "shown already")
    change = {"hidden": None if by_rule else False}
    _mark(runs, host, older_than, change, said, dry_run=dry_run, json=json)


def pin(
    runs: Runs = None, host: Host = None, older_than: Older = None, dry_run: Dry = False, json: Json = False
) -> None:
    """Show runs in TensorBoard always, and first in lists."""
    _mark(runs, host, older_than, {"pinned": True}, ("pinned", "pinned already"), dry_run=dry_run, json=json)


def unpin(
    runs: Runs = None, host: Host = None, older_than: Older = None, dry_run: Dry = False, json: Json = False
) -> None:
    """Undo `pin`."""
    said = ("not pinned any more", "not pinned")
    _mark(runs, host, older_than, {"pinned": False}, said, dry_run=dry_run, json=json)


def _mark(
    runs: list[str] | None,
    host: str | None,
    older_than: str | None,
    change: Mapping[str, Any],
    said: tuple[str, str],
    *,
    dry_run: bool,
    json: bool,
) -> None:
    if not runs and host is None and older_than is None:
        raise typer.BadParameter("name runs, or say --host or --older-than")
    wish = {
        "runs": runs or [],
        "host": host,
        "older_than": _seconds(older_than),
        "dry_run": dry_run,
        **change,
    }
    paths = Paths.of(os.environ)
    try:
        answer = client.ask(paths.control_socket, request("mark", **wish))
    except NotRunningError:
        from expsyncd.marking import mark_here  # slow to import, and mostly the daemon does it

        answer = mark_here(paths, wish, time.time())
    if json:
        print(json_module.dumps({"runs": answer["runs"], "changed": answer["changed"]}, indent=2))
        return
    done, before = said
    changed: list[str] = answer["changed"]
    kept = len(answer["runs"]) - len(changed)
    for name in changed[:LISTED]:
        print(f"{name}: {'would be ' if dry_run else ''}{done}")
    if len(changed) > LISTED:
        print(f"and {len(changed) - LISTED} more")
    if kept and changed:
        print(f"{counted(kept, 'run')} {'was' if kept == 1 else 'were'} {before}")
    elif not changed:
        print(f"{counted(kept, 'run')}: {before}" if kept else "no run is like that")


def _seconds(age: str | None) -> float | None:
    if age is None:
        return None
    try:
        return parse_duration(age).total_seconds()
    except ValueError as error:
        raise typer.BadParameter(f"--older-than: {error}") from None
