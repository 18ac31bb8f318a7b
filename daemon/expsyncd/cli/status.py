"""`expsyncd status`, its fast path: exit 0 all well, 1 something needs you, 3 not running. Imports little."""

from __future__ import annotations

import json
import os
from typing import Any

from expsyncd.cli.screen import render
from expsyncd.cli.terminal import coloured, columns
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import EXIT_FAILED, Error, NotRunningError
from expsyncd.paths import Paths
from expsyncd.state.needs import needs_person

WIDE = 120
NOT_RUNNING = {"schema": 1, "running": False}


def width() -> int:
    """Columns to use: wider than WIDE a line of words is hard to read."""
    return columns(WIDE)


def only(shown: dict[str, Any], host: str | None) -> dict[str, Any]:
    """The same value with one host. Raises Error for a host that is not there."""
    if host is None:
        return shown
    if host not in shown["hosts"]:
        known = ", ".join(shown["hosts"]) or "none yet"
        raise Error(f"no host {host} in hosts.yaml", f"the hosts there: {known}")
    return {**shown, "hosts": {host: shown["hosts"][host]}}


def show(host: str | None, *, as_json: bool) -> int:
    """Print it once."""
    paths = Paths.of(os.environ)
    try:
        answer = client.ask(paths.control_socket, request("status"))
    except NotRunningError as error:
        if as_json:
            print(json.dumps(NOT_RUNNING))
        else:
            print(f"{error.title}\n  {error.advice}")
        return error.exit_status
    shown = only(answer["status"], host)
    if as_json:
        print(json.dumps(shown, indent=2))
    else:
        print("\n".join(render(shown, width(), colour=coloured())))
    return EXIT_FAILED if needs_person(shown) else 0
