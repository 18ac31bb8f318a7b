"""At which steps an event file begins and ends; little of it is read, however long it is."""

from __future__ import annotations

import os
import struct
from collections import deque
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.resumed import Part
from expsyncd.eventfiles.framing import HEAD, TAIL, Heads
from expsyncd.eventfiles.wire import fields

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 256 * 1024  # of either end; scalars have a hundred bytes
# tensorflow/core/util/event.proto
_WALL, _STEP, _SUMMARY = 1, 2, 5


def part_of(path: bytes) -> Part | None:
    """What the file at `path` covers; None when neither end has a point, or it cannot be read."""
    try:
        with open(path, "rb", opener=_regular) as file:
            size = os.fstat(file.fileno()).st_size
            begin = file.read(PIECE)
            file.seek(max(0, size - PIECE))
            end = file.read(PIECE)
    except OSError:
        return None
    first, last = next(_points(begin), None), deque(_points(end), maxlen=1)
    return Part(os.path.basename(path), first, last[0]) if first and last else None


def _points(data: bytes) -> Iterator[tuple[int, float]]:
    """Step and wall time of each event with a summary."""
    heads = Heads()
    at: int | None = 0
    while at is not None and at + HEAD <= len(data):
        length = heads.length(data[at : at + HEAD])
        if length is None:
            at = heads.next_in(data, at + 1)
            continue
        if at + HEAD + length > len(data):
            return
        if point := _point(data[at + HEAD : at + HEAD + length]):
            yield point
        at += HEAD + length + TAIL


def _point(record: bytes) -> tuple[int, float] | None:
    step, wall, summary = 0, 0.0, False
    try:
        for number, value in fields(record):
            if number == _STEP and isinstance(value, int):
                step = value - (1 << 64) if value >> 63 else value
            elif number == _WALL and isinstance(value, bytes):
                (wall,) = struct.unpack("<d", value)
            summary = summary or number == _SUMMARY
    except (ValueError, IndexError, struct.error):
        return None
    return (step, wall) if summary else None


def _regular(path: str, flags: int) -> int:
    """Never a link, and never a pipe that would wait for its writer."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
