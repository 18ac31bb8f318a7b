"""`expsyncd status --watch`: the screen kept up to date, reconnecting when the daemon restarts."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from expsyncd.cli.screen import render
from expsyncd.cli.status import coloured, only, width
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NotRunningError
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Iterator

AGAIN_S = 1.0


def watch(host: str | None, *, as_json: bool) -> int:
    """Show every change until interrupted."""
    paths = Paths.of(os.environ)
    if as_json:
        for shown in _changes(paths):
            if shown is not None:
                print(json.dumps(only(shown, host)), flush=True)
        return 0
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(highlight=False)
    if not console.is_terminal:
        for shown in _changes(paths):
            if shown is not None:
                print("\n".join(render(only(shown, host), width(), colour=False)), end="\n\n", flush=True)
        return 0
    with Live(Text("waiting for expsyncd"), console=console, screen=True, auto_refresh=False) as live:
        for shown in _changes(paths):
            if shown is None:
                live.update(Text("expsyncd is not running; waiting for it (Ctrl-C ends this)"), refresh=True)
                continue
            lines = render(only(shown, host), width(), colour=coloured())
            live.update(Text.from_ansi("\n".join(lines)), refresh=True)
    return 0


def _changes(paths: Paths) -> Iterator[dict[str, Any] | None]:
    """Status values as they change; None while no daemon answers."""
    while True:
        try:
            for message in client.stream(paths.control_socket, request("watch")):
                if "status" in message:
                    yield message["status"]
        except (NotRunningError, Error):
            yield None
        time.sleep(AGAIN_S)
