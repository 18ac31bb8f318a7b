"""`expsyncd status` with all its options; `--watch` keeps the screen up to date, also over restarts."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.cli.screen import harmless, render
from expsyncd.cli.status import NOT_RUNNING, only, show, width
from expsyncd.cli.terminal import coloured
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from rich.text import Text

AGAIN_S = 1.0


def status(
    host: Annotated[str | None, typer.Argument(metavar="HOST", help="One host; all without it.")] = None,
    watch: Annotated[bool, typer.Option("--watch", help="Keep showing until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, schema 1.")] = False,
) -> int:
    """One screen: hosts, pulls, TensorBoard, and what needs you.

    Exit status 0: all is well (a host that is down and being retried is well); 1: something needs you;
    3: not running.
    """
    if not watch:
        return show(host, as_json=as_json)
    changes = _changes(Paths.of(os.environ).control_socket)
    if as_json:
        _print_json(changes, host)
    elif sys.stdout.isatty():
        _fill_screen(changes, host)
    else:
        _print(changes, host)
    return 0


def _changes(socket: Path) -> Iterator[dict[str, Any] | Error]:
    """Status values as they change; the Error, once, while no daemon answers."""
    said = ""
    while True:
        try:
            for message in client.stream(socket, request("watch")):
                if "status" in message:
                    said = ""
                    yield message["status"]
        except Error as error:
            if error.title != said:
                said = error.title
                yield error
        time.sleep(AGAIN_S)


def _print_json(changes: Iterator[dict[str, Any] | Error], host: str | None) -> None:
    for change in changes:
        print(json.dumps(NOT_RUNNING if isinstance(change, Error) else only(change, host)), flush=True)


def _print(changes: Iterator[dict[str, Any] | Error], host: str | None) -> None:
    for change in changes:
        if isinstance(change, Error):
            print(f"expsyncd: {change.title}; waiting for it", file=sys.stderr, flush=True)
        else:
            print("\n".join(render(only(change, host), width(), colour=False)), end="\n\n", flush=True)


def _fill_screen(changes: Iterator[dict[str, Any] | Error], host: str | None) -> None:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    latest: dict[str, Any] | Error = Error("asking expsyncd")

    def now() -> Text:
        # Drawn anew each second, since ages and countdowns move while the status stays.
        if isinstance(latest, Error):
            return Text(f"{harmless(latest.title)} (Ctrl-C ends this)")
        return Text.from_ansi("\n".join(render(latest, width(), colour=coloured())))

    with Live(
        console=Console(highlight=False), screen=True, refresh_per_second=1, get_renderable=now
    ) as live:
        for change in changes:
            latest = change if isinstance(change, Error) else only(change, host)
            live.refresh()
