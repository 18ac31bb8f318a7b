"""The last scalar of an event file, read from its end: tag and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.eventfiles.framing import HEAD, TAIL, Heads
from expsyncd.eventfiles.wire import fields

if TYPE_CHECKING:
    from pathlib import Path

END = 64 << 10
# Of event.proto and summary.proto: Event.step, Event.summary, Summary.value, Value.tag.
STEP, SUMMARY, VALUE, TAG = 2, 5, 1, 1


def last_point(file: Path) -> tuple[str, int] | None:
    """Tag and step of the last value in the last 64 kB; None when there is none. Raises OSError."""
    with file.open("rb") as opened:
        opened.seek(max(0, opened.seek(0, 2) - END))
        content = opened.read(END)
    heads, found = Heads(), None
    place = heads.next_in(content)
    while place is not None and (length := heads.length(content[place : place + HEAD])) is not None:
        end = place + HEAD + length
        if end + TAIL > len(content):
            break
        found = _point(content[place + HEAD : end]) or found
        place = end + TAIL
    return found


def _point(record: bytes) -> tuple[str, int] | None:
    step, summary = 0, b""
    try:
        for number, value in fields(record):
            if number == STEP and isinstance(value, int):
                step = value
            elif number == SUMMARY and isinstance(value, bytes):
                summary = value
        for number, value in fields(summary):
            if number == VALUE and isinstance(value, bytes):
                for inner, tag in fields(value):
                    if inner == TAG and isinstance(tag, bytes):
                        return tag.decode("utf-8", "replace"), step
    except (ValueError, IndexError):
        return None
    return None
