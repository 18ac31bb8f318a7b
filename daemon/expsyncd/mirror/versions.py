"""The old bytes of what was replaced: settled after a pass, set aside for conflicts, repaired after a crash.

rsync's own `--backup-dir` leaves them in versions/PULL/HOST/SOURCE/…; here they are compared with their
successors and recorded. `set_aside` is the one mover of our own, for a folder that stands where the host
now has a file. Everything is blocking and safe to repeat.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import source_folder
from expsyncd.mirror.prune import prune
from expsyncd.state.facts import Move

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Facts

__all__ = ["Settled", "pass_folder", "prune", "repair", "set_aside", "settle", "settle_all"]

PIECE = 1 << 20


@dataclass(frozen=True)
class Settled:
    """What came of a pass's old files: `kept` recorded (`bytes` in all), `dropped` as mere beginnings."""

    kept: int
    dropped: int
    bytes: int


def pass_folder(root: RootPaths, pull_id: str, host: str, source: str) -> Path:
    """Where the passes of one pull put old bytes."""
    return root.versions / pull_id / host / source


def settle(root: RootPaths, facts: Facts, pull_id: str, host: str, source: str, now: datetime) -> Settled:
    """Drop each old file that its successor begins with, record the others, remove empty folders."""
    folder = os.fsencode(pass_folder(root, pull_id, host, source))
    mirror = os.fsencode(source_folder(root, host, source))
    recorded = facts.version_places()
    base = os.fsencode(root.versions) + b"/"
    kept = dropped = total = 0
    for path in list(_files(folder)):
        old = folder + b"/" + path
        place = old[len(base) :]
        if place in recorded:
            continue
        size = os.lstat(old).st_size
        reason = _reason(old, size, mirror + b"/" + path)
        if reason is None:
            os.unlink(old)
            dropped += 1
            continue
        os.chmod(old, 0o600, follow_symlinks=True)
        facts.add_version(host, source, path, now, size, place, reason)
        kept += 1
        total += size
    _remove_empty(os.fsencode(root.versions / pull_id))
    return Settled(kept, dropped, total)


def settle_all(root: RootPaths, facts: Facts, now: datetime) -> Settled:
    """Settle what pulls of a killed process left."""
    kept = dropped = total = 0
    with suppress(FileNotFoundError):
        for pull in sorted(root.versions.iterdir()):
            for host in _folders(pull):
                for source in _folders(host):
                    one = settle(root, facts, pull.name, host.name, source.name, now)
                    kept, dropped, total = kept + one.kept, dropped + one.dropped, total + one.bytes
            if pull.is_dir() and not pull.is_symlink():
                _remove_empty(os.fsencode(pull))
    return Settled(kept, dropped, total)


def set_aside(
    root: RootPaths, facts: Facts, pull_id: str, host: str, source: str, inside: bytes, now: datetime
) -> None:
    """Move the folder at `inside` from the mirror to versions, and record every file of it.

    The move is written down before it is made; `repair` finishes or undoes it after a crash.
    """
    start = os.fsencode(source_folder(root, host, source)) + b"/" + inside
    end = os.fsencode(pass_folder(root, pull_id, host, source)) + b"/" + inside
    number = facts.begin_move(Move(0, pull_id, host, source, inside, start, end))
    os.makedirs(os.path.dirname(end), mode=0o700, exist_ok=True)
    os.rename(start, end)
    _record_folder(root, facts, host, source, inside, end, now)
    facts.end_move(number)


def repair(facts: Facts) -> int:
    """Finish moves that were made and forget those that were not; how many there were."""
    pending = facts.pending_moves()
    for move in pending:
        # Not made: the folder still stands in the mirror and the next pull sees the conflict again.
        # Made: its files are recorded by settle_all, which looks at every pull's folder.
        if not os.path.lexists(move.start) and not os.path.lexists(move.end):
            continue  # its disk is away, or the person removed both: it is looked at again next time
        facts.end_move(move.id)
    return len(pending)


def _record_folder(
    root: RootPaths, facts: Facts, host: str, source: str, inside: bytes, end: bytes, now: datetime
) -> None:
    base = os.fsencode(root.versions) + b"/"
    for path in _files(end):
        old = end + b"/" + path
        size = os.lstat(old).st_size
        facts.add_version(host, source, inside + b"/" + path, now, size, old[len(base) :], "became-file")


def _reason(old: bytes, size: int, successor: bytes) -> str | None:
    """Why the old file is kept; None when its successor begins with the same bytes."""
    try:
        there = os.lstat(successor)
    except (FileNotFoundError, NotADirectoryError):
        return "vanished"
    if stat.S_ISDIR(there.st_mode):
        return "became-folder"
    if not stat.S_ISREG(there.st_mode):
        return "replaced"
    if there.st_size < size:
        return "shrunk"
    return None if _begins_with(successor, old) else "replaced"


def _begins_with(longer: bytes, shorter: bytes) -> bool:
    with open(longer, "rb") as long_file, open(shorter, "rb") as short_file:
        while piece := short_file.read(PIECE):
            if long_file.read(len(piece)) != piece:
                return False
    return True


def _files(folder: bytes) -> Iterator[bytes]:
    """Regular files below `folder`, relative to it."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = parent + b"/" + name
            if stat.S_ISREG(os.lstat(path).st_mode):
                yield path[len(folder) + 1 :]


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir() or folder.is_symlink():
        return []
    return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())


def _remove_empty(folder: bytes) -> None:
    for parent, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.chmod(parent, 0o700)
            os.rmdir(parent)
