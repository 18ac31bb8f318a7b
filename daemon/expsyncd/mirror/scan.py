"""Finds the runs in the mirror: every folder that holds event files. Links are never followed."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.mirror.batch import UNFINISHED_FOLDERS, is_temporary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

Name = bytes  # names on disk are bytes; an alias, since the field `bytes` below hides the type
Key = tuple[str, str, Name]  # host, source, folder inside it

LATEST_NS = (1 << 63) - 1  # in the year 2262; what a database can hold
EVENT_FILE_MARK = b"tfevents"  # TensorBoard reads any file whose name contains it, so `run1.tfevents.77` too


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder with event files; `inside` is relative to the source (b"" for the source itself).

    `files` are event file names, sorted; `newest_mtime_ns` and `bytes` are over these files.
    """

    host: str
    source: str
    inside: Name
    files: tuple[Name, ...]
    newest_mtime_ns: int
    bytes: int
    # One for all tables that have it as their key: with 20,000 runs each more would take a megabyte.
    key: Key = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Sets what identifies the run, whatever it is called in TensorBoard."""
        object.__setattr__(self, "key", (self.host, self.source, self.inside))


def is_event_file_name(name: bytes) -> bool:
    """Whether TensorBoard would read a file of this name, and it is not one that rsync is writing."""
    return EVENT_FILE_MARK in name and not is_temporary(name)


def is_called(name: bytes) -> bool:
    """Whether a host or a source can be called so: by a text, and not hidden."""
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return not name.startswith(b".")


def changed_ns(found: os.stat_result) -> int:
    """When a file changed, in nanoseconds since 1970; `LATEST_NS` for what a host with a wrong clock says."""
    return max(-LATEST_NS, min(found.st_mtime_ns, LATEST_NS))


def find_runs(
    mirror: Path, hosts: Iterable[str] | None = None, *, known: Mapping[Key, RunFolder] | None = None
) -> list[RunFolder]:
    """All runs in the mirror, or those of `hosts`; a missing mirror or host has none.

    `known`: from before, given again where nothing changed, so that two looks do not take twice the memory.
    Folders that vanish or cannot be read are passed over: the next scan sees them.
    """
    names = _folders(os.fsencode(mirror)) if hosts is None else [os.fsencode(host) for host in hosts]
    return [
        run
        for host in sorted(names)
        for source in sorted(_folders(os.fsencode(mirror) + b"/" + host))
        for run in find_runs_in(mirror, os.fsdecode(host), os.fsdecode(source), known=known)
    ]


def find_runs_in(
    mirror: Path, host: str, source: str, *, known: Mapping[Key, RunFolder] | None = None
) -> list[RunFolder]:
    """The runs of one source, sorted by folder."""
    top = b"/".join((os.fsencode(mirror), os.fsencode(host), os.fsencode(source)))
    # A stack and not recursion: a hostile tree may be deeper than Python's stack.
    waiting, found = [top], []
    while waiting:
        folder = waiting.pop()
        files: list[tuple[Name, os.stat_result]] = []
        for entry in _entries(folder):
            if entry.is_dir(follow_symlinks=False):
                if entry.name not in UNFINISHED_FOLDERS:
                    waiting.append(entry.path)
            elif is_event_file_name(entry.name) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    files.append((entry.name, entry.stat(follow_symlinks=False)))
        if files:
            run = RunFolder(
                host=host,
                source=source,
                inside=folder[len(top) + 1 :],
                files=tuple(sorted(name for name, _ in files)),
                newest_mtime_ns=max(stat.st_mtime_ns for _, stat in files),
                bytes=sum(stat.st_size for _, stat in files),
            )
            before = known.get(run.key) if known else None
            found.append(before if before is not None and before == run else run)
    return sorted(found, key=lambda run: run.inside)


def _entries(folder: bytes) -> Iterator[os.DirEntry[bytes]]:
    # O_NOFOLLOW has no scandir; the folder came from is_dir(follow_symlinks=False), so no link is opened but
    # for a swap in between, which in our own 0700 tree nobody makes.
    with suppress(OSError), os.scandir(folder) as entries:
        yield from entries


def _folders(folder: bytes) -> list[bytes]:
    return [
        entry.name
        for entry in _entries(folder)
        if entry.is_dir(follow_symlinks=False) and is_called(entry.name)
    ]
