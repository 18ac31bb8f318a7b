"""Putting a file that has come whole at its place in the mirror; what stood there is kept in versions."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from expsyncd.mirror.folders import make_private


def in_the_way(folder: bytes, paths: list[bytes]) -> list[bytes]:
    """What has to be set aside before files can stand at `paths` below `folder`.

    A file or link where a folder is needed; at a path itself a link or anything else that is no file.
    """
    found: dict[bytes, None] = {}
    known: set[bytes] = set()
    for path in paths:
        parts = path.split(b"/")
        for length in range(1, len(parts) + 1):
            inside = b"/".join(parts[:length])
            if inside in known:
                continue
            try:
                mode = os.lstat(folder + b"/" + inside).st_mode
            except OSError:
                break
            fits = stat.S_ISDIR(mode) if length < len(parts) else stat.S_ISREG(mode) or stat.S_ISDIR(mode)
            if not fits:
                found[inside] = None
                break
            if length < len(parts):
                known.add(inside)
    return list(found)


def put(folder: bytes, inside: bytes, temp: bytes, versions: bytes, backup: bytes) -> None:
    """Rename `temp` to `inside` of the source's `folder`.

    A file that stands there is linked to the same path below `versions`/`backup` first, as rsync does: no
    moment passes in which neither is there, and whatever happens in between `versions.settle` puts right
    from what lies there. Raises OSError; then the mirror is as it was.
    """
    place = folder + b"/" + inside
    if parent := os.path.dirname(inside):
        make_private(folder, parent)
    try:
        there = os.lstat(place)
    except FileNotFoundError:
        os.rename(temp, place)
        return
    if stat.S_ISDIR(there.st_mode):
        os.rmdir(place)  # an empty one; what a folder holds was set aside before
    else:
        _keep(place, versions, os.path.join(backup, inside))
    os.rename(temp, place)


def _keep(place: bytes, versions: bytes, kept: bytes) -> None:
    make_private(versions, os.path.dirname(kept))
    try:
        os.link(place, versions + b"/" + kept, follow_symlinks=False)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here: for a moment the mirror lacks the file, versions has it.
        os.rename(place, versions + b"/" + kept)


def remove_temp(temp: bytes) -> None:
    """Forget a file that did not come whole."""
    with suppress(OSError):
        os.unlink(temp)
