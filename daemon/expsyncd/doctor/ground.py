"""The root and its disk, looked at without touching them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from expsyncd.doctor.finding import Finding, note, ok, problem, warning
from expsyncd.mirror.marker import read_marker
from expsyncd.mirror.root import resolved
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.config.model import Config

COUNTED_AT_MOST = 1_000_000  # folders
FEW_INODES = 10_000


def root(config: Config, identity: str | None) -> list[Finding]:
    """The folder, its marker and the room on its disk; `identity`: what facts.db knows of it."""
    paths = resolved(config.root)
    place = paths.path
    if not place.exists():
        if identity is None:
            return [
                note("root", f"{place} is made at the first start"),
                *_room(_above(place), config.min_free),
            ]
        fix = f"mount it; if it is gone for good, `expsyncd adopt {place}` starts anew there"
        return [problem("root", f"{place} is not there (an unmounted disk?)", fix)]
    if not place.is_dir():
        return [problem("root", f"{place} is no folder", "name another `root:` in hosts.yaml")]
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        found = read_marker(folder, paths.marker.name)
    finally:
        os.close(folder)
    return [judge_marker(place, found, identity), *_writable(place), *_room(place, config.min_free)]


def judge_marker(place: Path, found: str | None, identity: str | None) -> Finding:
    """`found`: what the folder says of itself; `identity`: what is remembered of the root."""
    if found is None:
        if identity is not None:
            fix = f"mount it; if it is gone for good, `expsyncd adopt {place}` starts anew there"
            return problem("root", f"{place} is empty or another folder (an unmounted disk?)", fix)
        fix = f"`expsyncd adopt {place}` takes it over, or name another `root:`"
        return problem("root", f"{place} is there already and not known to expsyncd", fix)
    if identity is not None and found != identity:
        fix = f"mount the right one, or `expsyncd adopt {place}` and restart expsyncd"
        return problem("root", f"another disk is mounted at {place}", fix)
    return ok("root", f"{place}")


def _writable(place: Path) -> list[Finding]:
    if os.access(place, os.W_OK | os.X_OK):
        return []
    return [problem("root", f"{place} cannot be written", f"mend its permissions: ls -ld {place}")]


def _room(place: Path, min_free: int) -> list[Finding]:
    try:
        disk = os.statvfs(place)
    except OSError:
        return []
    return judge_room(
        disk.f_bavail * disk.f_frsize,
        disk.f_favail if disk.f_files else None,
        min_free,
        read_only=bool(disk.f_flag & os.ST_RDONLY),
    )


def judge_room(free: int, inodes: int | None, min_free: int, *, read_only: bool) -> list[Finding]:
    """`inodes`: None where the file system has no fixed number of them."""
    if read_only:
        return [problem("space", "the root's disk is read-only", "mount it writable")]
    if free < min_free:
        title = f"{human_bytes(free)} free on the root's disk, pulling stops below {human_bytes(min_free)}"
        return [problem("space", title, "make room, or lower `min_free:` in hosts.yaml")]
    found = [ok("space", f"{human_bytes(free)} free on the root's disk")]
    if inodes is not None and inodes < FEW_INODES:
        found.append(
            warning(
                "space",
                f"only {inodes} more files fit on the root's disk",
                "df -i shows it; remove small files",
            )
        )
    return found


def folders(config: Config) -> int:
    """How many folders the mirror has, counted up to a bound."""
    count, waiting = 0, [resolved(config.root).mirror]
    while waiting and count < COUNTED_AT_MOST:
        try:
            with os.scandir(waiting.pop()) as entries:
                inner = [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue
        count += len(inner)
        waiting += [type(resolved(config.root).mirror)(path) for path in inner]
    return count


def _above(place: Path) -> Path:
    """The nearest folder above that is there."""
    while not place.exists() and place != place.parent:
        place = place.parent
    return place
