"""Which files only ever grow, and which are never wanted unless asked for. Pure."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

# TensorBoard reads every file with this in its name, whatever stands before it: so do we.
EVENT_MARK = b"tfevents"
GROWING_SUFFIXES = (b".csv", b".tsv", b".jsonl", b".ndjson", b".log", b".out", b".err", b".txt")


def name_of(path: bytes) -> bytes:
    """The last component."""
    return path.rpartition(b"/")[2]


def is_event_file(path: bytes) -> bool:
    """Whether TensorBoard would read it."""
    return EVENT_MARK in name_of(path)


def is_append_only(path: bytes) -> bool:
    """Whether writers of such a file append to it: event files, csv, jsonl, logs."""
    name = name_of(path)
    return EVENT_MARK in name or name.lower().endswith(GROWING_SUFFIXES)


def matches(path: bytes, patterns: Iterable[str]) -> bool:
    """Whether the last component fits one of the shell patterns, in any case of letters."""
    name = name_of(path).lower()
    return any(fnmatchcase(name, pattern.lower().encode()) for pattern in patterns)
