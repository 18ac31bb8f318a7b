"""`expsyncd logs`: what the daemon logged."""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from expsyncd.errors import Error
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

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
            "nothing was logged yet", "start it: `systemctl --user start expsyncd`, or `expsyncd run`"
        ) from error
    with log:
        for line in deque(log, maxlen=lines):
            print(line, end="")
        if follow:
            sys.stdout.flush()
            for line in grown(file, log):
                print(line, end="", flush=True)


def grown(
    file: Path, log: TextIO, *, wait: Callable[[], object] = lambda: time.sleep(FOLLOW_S)
) -> Iterator[str]:
    """Lines that are added to `log` and, once `file` is another one, to that, for ever."""
    opened: TextIO | None = None
    try:
        while True:
            # Asked before reading: what the old file gets until it is set aside must be read, too.
            replaced = _replaced(file, log)
            yield from log
            if replaced:
                if opened is not None:
                    opened.close()
                log = opened = file.open(encoding="utf-8", errors="replace")
                continue
            wait()
    finally:
        if opened is not None:
            opened.close()


def _replaced(file: Path, log: TextIO) -> bool:
    try:
        return file.stat().st_ino != os.fstat(log.fileno()).st_ino
    except FileNotFoundError:
        return False  # between the two steps of a rotation
