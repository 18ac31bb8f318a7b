"""Removing what a killed pass left in `.incoming/`. Call only while no pass runs."""

from __future__ import annotations

import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.paths import RootPaths


def sweep_incoming(root: RootPaths) -> int:
    """Empty the folder of temporary files; how many passes had left something. Links are not followed."""
    swept = 0
    with suppress(FileNotFoundError):
        for entry in root.incoming.iterdir():
            swept += 1
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
    return swept
