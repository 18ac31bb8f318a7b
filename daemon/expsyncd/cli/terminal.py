"""What the terminal can show: its width, colour, dots and braille. Imports little, for `status`."""

from __future__ import annotations

import os
import sys

NARROWEST, WIDEST = 40, 400


def coloured() -> bool:
    """Whether stdout wants colour (NO_COLOR, dumb terminals and pipes do not)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def columns(widest: int = WIDEST) -> int:
    """Columns to use; 80 in a pipe."""
    # As shutil.get_terminal_size does, without importing its compressors.
    given = os.environ.get("COLUMNS", "")
    try:
        found = int(given) if given.isdecimal() else os.get_terminal_size(sys.stdout.fileno()).columns
    except (OSError, ValueError):  # a pipe, or a stdout without a descriptor
        found = 0
    return max(NARROWEST, min(widest, found or 80))


def utf8() -> bool:
    """Whether stdout takes every character."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def dots() -> str:
    """What stands for what was cut out."""
    from expsyncd.cli.runs_view.elide import DOTS, PLAIN_DOTS

    return DOTS if utf8() else PLAIN_DOTS


def braille() -> bool:
    """Whether there are braille characters; the fonts of the Linux console have none."""
    return utf8() and os.environ.get("TERM") != "linux"
