"""`expsyncd status`, its fast path: exit 0 all well, 1 something needs you, 3 not running. Imports little."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from expsyncd.cli.screen import render
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import EXIT_FAILED, Error, NotRunningError
from expsyncd.paths import Paths
from expsyncd.state.needs import needs_person

NARROW, WIDE = 40, 120
NOT_RUNNING = {"schema": 1, "running": False}


def coloured() -> bool:
    """Whether stdout wants colour (NO_COLOR, dumb terminals and pipes do not)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns to use; 80 in a pipe."""
    # As shutil.get_terminal_size does, without importing its compressors.
    given = os.environ.get("COLUMNS", "")
    try:
        columns = int(given) if given.isdecimal() else os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # a pipe, or a stdout without a descriptor
        columns = 0
    return max(NARROW, min(WIDE, columns or 80))


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
