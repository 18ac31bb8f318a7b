"""A look at the mirror for the plan. Blocking: call in a thread."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.pull.plan import Here, Local
from expsyncd.pull.seconds import DISTRUSTED_NS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def look(folder: bytes, paths: Iterable[bytes]) -> dict[bytes, Here]:
    """What stands at each of `paths` below `folder`; links are not followed."""
    found: dict[bytes, Here] = {}
    reached = _reached(folder)
    for path in paths:
        if not reached(os.path.dirname(path)):
            continue  # behind a link, as an adopted copy may hold, nothing is ours
        try:
            status = os.lstat(folder + b"/" + path)
        except (FileNotFoundError, NotADirectoryError):
            continue
        if stat.S_ISREG(status.st_mode):
            found[path] = Here(Local.FILE, status.st_size)
        elif stat.S_ISDIR(status.st_mode):
            found[path] = Here(Local.FOLDER if any(os.scandir(folder + b"/" + path)) else Local.NOTHING)
        else:
            found[path] = Here(Local.OTHER)
    return found


def _reached(folder: bytes) -> Callable[[bytes], bool]:
    """Says of a path below `folder` whether it is a folder that no link leads to."""
    known = {b"": True}

    def reached(inside: bytes) -> bool:
        if inside not in known:
            try:
                is_folder = stat.S_ISDIR(os.lstat(folder + b"/" + inside).st_mode)
            except (FileNotFoundError, NotADirectoryError):
                is_folder = False
            known[inside] = is_folder and reached(os.path.dirname(inside))
        return known[inside]

    return reached


def files_below(folder: bytes) -> Iterable[tuple[bytes, os.stat_result]]:
    """Every regular file below `folder`: (path relative to it, lstat). A missing folder has none."""
    waiting = [b""]
    while waiting:
        inside = waiting.pop()
        try:
            entries = list(os.scandir(folder + b"/" + inside if inside else folder))
        except OSError:
            continue
        for entry in entries:
            path = inside + b"/" + entry.name if inside else entry.name
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path)
            elif entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    yield path, entry.stat(follow_symlinks=False)


def has_files(folder: bytes) -> bool:
    """Whether any regular file is below `folder`."""
    return next(iter(files_below(folder)), None) is not None


def written_since(folder: bytes, moment_s: float) -> list[bytes]:
    """Files whose inode changed (written, renamed in) at or after `moment_s` of the wall clock."""
    return [path for path, status in files_below(folder) if status.st_ctime >= moment_s]


def distrust(folder: bytes, paths: Iterable[bytes]) -> None:
    """Give files a time no host has, so that rsync's quick check looks at their content again."""
    for path in paths:
        with suppress(OSError):
            os.utime(folder + b"/" + path, ns=(DISTRUSTED_NS, DISTRUSTED_NS), follow_symlinks=False)


def sizes(folder: bytes, paths: Iterable[bytes]) -> dict[bytes, int]:
    """Bytes of each regular file of `paths` that is there."""
    return {path: here.size for path, here in look(folder, paths).items() if here.kind is Local.FILE}
