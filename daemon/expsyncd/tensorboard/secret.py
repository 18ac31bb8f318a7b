"""The secret path of a private page: made once, so that open tabs and bookmarks outlive restarts."""

from __future__ import annotations

import os
import re
import secrets
from typing import TYPE_CHECKING

from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 24  # 192 bits: nobody guesses them
_SECRET = re.compile(r"[A-Za-z0-9_-]{32}")


def prefix(file: Path) -> str:
    """What every path of the page begins with, `/…`; kept in `file`, which only its owner can read.

    Remove the file for a new one. Raises OSError.
    """
    try:
        found = file.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        found = ""
    if not _SECRET.fullmatch(found):
        found = secrets.token_urlsafe(_BYTES)
        fresh = file.with_name(f"{file.name}.new")
        fresh.unlink(missing_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
        with os.fdopen(descriptor, "w") as opened:
            opened.write(found + "\n")
        fresh.replace(file)
    return f"/{found}"
