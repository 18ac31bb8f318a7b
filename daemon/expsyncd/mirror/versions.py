"""The old bytes of what was replaced: compared with their successors after a pass, and recorded.

rsync's own `--backup-dir` leaves them in versions/PULL/HOST/SOURCE/…; `aside` moves there what rsync
cannot. Everything is blocking and safe to repeat.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.mirror.aside import repair, set_aside
from expsyncd.mirror.folders import held, make_private_file, remove_empty
from expsyncd.mirror.layout import source_folder
from expsyncd.mirror.prune import prune

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Facts

__all__ = ["Settled", "pass_folder", "prune", "repair", "set_aside", "settle", "settle_all"]

PIECE = 1 << 20
# rsync makes a backup by a hard link and renames its new file over the old one then. In between both names
# are one file, and dropping the "equal" backup would cost the old bytes. An rsync that outlived a killed
# daemon is long gone after this time.
LINKED_REST_S = 600.0


@dataclass(frozen=True)
class Settled:
    """What came of a pass's old files: `kept` recorded (`bytes` in all), `dropped` as mere beginnings."""

    kept: int = 0
    dropped: int = 0
    bytes: int = 0

    def __add__(self, other: Settled) -> Settled:
        return Settled(self.kept + other.kept, self.dropped + other.dropped, self.bytes + other.bytes)


def pass_folder(root: RootPaths, pull_id: str, host: str, source: str) -> Path:
    """Where the passes of one pull put old bytes."""
    return root.versions / pull_id / host / source


def settle(
    root: RootPaths,
    facts: Facts,
    pull_id: str,
    host: str,
    source: str,
    now: datetime,
    *,
    broken: bool = False,
) -> Settled:
    """Drop each old file that its successor begins with, record the others, remove empty folders.

    Call it when no pass of this pull runs; `broken`: its rsync may still be ending. Raises Error when the
    disk does not let it; what is left is settled at the next start.
    """
    with _translated(host, source):
        linked_since = now.timestamp() - LINKED_REST_S if broken else None
        return _settle(root, facts, pull_id, host, source, now, linked_since=linked_since)


def settle_all(root: RootPaths, facts: Facts, now: datetime) -> Settled:
    """Settle what pulls of a killed process left; its rsync may still be ending. Raises Error as `settle`."""
    total = Settled()
    linked_since = now.timestamp() - LINKED_REST_S
    for pull in _folders(root.versions):
        for host in _folders(pull):
            for source in _folders(host):
                with _translated(host.name, source.name):
                    total += _settle(
                        root, facts, pull.name, host.name, source.name, now, linked_since=linked_since
                    )
        remove_empty(os.fsencode(pull))
    return total


def _settle(
    root: RootPaths,
    facts: Facts,
    pull_id: str,
    host: str,
    source: str,
    now: datetime,
    *,
    linked_since: float | None,
) -> Settled:
    """`linked_since`: leave alone what is one file with its successor and was linked after that moment."""
    folder = os.fsencode(pass_folder(root, pull_id, host, source))
    mirror = os.fsencode(source_folder(root, host, source))
    base = os.fsencode(root.versions) + b"/"
    recorded = facts.version_places(folder[len(base) :] + b"/")
    total = Settled()
    # Ten thousand files may have been replaced at once. What an error leaves out, the next start records.
    with facts.together():
        for path in list(held(folder)):
            old = folder + b"/" + path
            place = old[len(base) :]
            if place in recorded or (linked_since and _linked_after(old, mirror + b"/" + path, linked_since)):
                continue
            make_private_file(old)
            size = os.lstat(old).st_size
            reason = _reason(old, mirror + b"/" + path)
            if reason is None:
                os.unlink(old)
                total += Settled(dropped=1)
            else:
                facts.add_version(host, source, path, now, size, place, reason)
                total += Settled(kept=1, bytes=size)
    remove_empty(os.fsencode(root.versions / pull_id))
    return total


def _reason(old: bytes, successor: bytes) -> str | None:
    """Why the old file is kept; None when its successor begins with the same bytes."""
    try:
        there = os.lstat(successor)
    except FileNotFoundError:
        return "vanished"
    except NotADirectoryError:
        return "became-file"
    if stat.S_ISDIR(there.st_mode):
        return "became-folder"
    here = os.lstat(old)
    if not stat.S_ISREG(there.st_mode) or not stat.S_ISREG(here.st_mode):
        return "replaced"
    if there.st_size < here.st_size:
        return "shrunk"
    return None if _begins_with(successor, old) else "replaced"


def _begins_with(longer: bytes, shorter: bytes) -> bool:
    try:
        with open(longer, "rb") as long_file, open(shorter, "rb") as short_file:
            while piece := short_file.read(PIECE):
                if long_file.read(len(piece)) != piece:
                    return False
    except OSError:
        return False  # what cannot be compared is kept
    return True


def _linked_after(old: bytes, successor: bytes, moment: float) -> bool:
    with suppress(OSError):
        here, there = os.lstat(old), os.lstat(successor)
        return os.path.samestat(here, there) and here.st_ctime > moment  # linking sets the ctime
    return False


def _folders(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.is_symlink())
    return []


@contextmanager
def _translated(host: str, source: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Error(
            f"old bytes of {host}/{source} cannot be settled: {error.strerror}",
            "nothing of them is lost; look at the root's disk, it is tried again at the next start",
        ) from error
