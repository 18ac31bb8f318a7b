"""What status says of runs. Pure and stdlib only, like status.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RunsState:
    """How many runs the mirror holds, and how many of them are going how; the rest ended or is not known."""

    total: int = 0
    growing: int = 0
    stalled: int = 0
    failed: int = 0
