"""What facts.db holds, as values: pulls, old versions, moves under way. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class PullRecord:
    """One ended pull; `bytes` are those that arrived."""

    id: str
    host: str
    source: str
    at: datetime
    outcome: str
    files: int
    bytes: int
    seconds: float
    detail: str = ""


@dataclass(frozen=True)
class Version:
    """Old bytes of a mirrored file: `path` within the source, `place` below the versions folder."""

    id: int
    host: str
    source: str
    path: bytes
    kept_at: datetime
    size: int
    place: bytes
    reason: str


@dataclass(frozen=True)
class Move:
    """A folder or file on its way from the mirror to versions: absolute `start` and `end`."""

    id: int
    pull_id: str
    host: str
    source: str
    path: bytes
    start: bytes
    end: bytes
