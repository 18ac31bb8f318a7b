"""`expsyncd logs`: what the daemon logged."""

from __future__ import annotations

import os
import time
from collections import deque
from typing import Annotated

import typer

from expsyncd.errors import Error
from expsyncd.paths import Paths

FOLLOW_S = 0.3


def show_logs(
    lines: Annotated[int, typer.Option("-n", "--lines", min=0, help="How many lines.")] = 50,
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as it grows.")] = False,
) -> None:
    """The last lines of the daemon's log; the file rotates, this names it."""
    file = Paths.of(os.environ).log_file
    try:
        log = file.open(encoding="utf-8", errors="replace")
    except FileNotFoundError as error:
        raise Error(
            "nothing was logged yet", "start the daemon: `systemctl --user start expsyncd`"
        ) from error
    with log:
        for line in deque(log, maxlen=lines):
            print(line, end="")
        while follow:
            if line := log.readline():
                print(line, end="", flush=True)
                continue
            time.sleep(FOLLOW_S)
            if file.exists() and file.stat().st_ino != os.fstat(log.fileno()).st_ino:
                log = file.open(encoding="utf-8", errors="replace")  # it was rotated
