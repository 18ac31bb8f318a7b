"""Which files are compared by digest: a slice each night, and what an unclean stop left in doubt."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from expsyncd.pull import local

if TYPE_CHECKING:
    from datetime import datetime

SLICES = 7  # a night audits a seventh of a source


def slice_of(path: bytes) -> int:
    """Which of the SLICES a path belongs to, the same for ever."""
    return hashlib.sha256(path).digest()[0] % SLICES


def choose(folder: bytes, since: datetime | None, number: int | None) -> list[bytes]:
    """Files below `folder` written at or after `since`, and those of slice `number`. Blocking."""
    chosen = set(local.written_since(folder, since.timestamp())) if since else set()
    if number is not None:
        chosen |= {path for path, _ in local.files_below(folder) if slice_of(path) == number}
    return sorted(chosen)
