"""How long old bytes are kept: by count a path, by age, by size in all; the last of a path only by size."""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from expsyncd.config.model import VersionsConfig
    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Facts, Version


def to_evict(versions: Sequence[Version], limits: VersionsConfig, now: datetime) -> list[Version]:
    """Which of `versions` (oldest first) go. Pure.

    Nobody can replace the last version of a path, so count and age never take it; only the size of all
    does, oldest first.
    """
    by_path: dict[tuple[str, str, bytes], list[Version]] = defaultdict(list)
    for version in versions:
        by_path[version.host, version.source, version.path].append(version)
    gone: set[int] = set()
    for of_path in by_path.values():
        older = of_path[:-1]
        surplus = older[: max(0, len(of_path) - limits.count)]
        gone |= {version.id for version in surplus}
        gone |= {version.id for version in older if now - version.kept_at > limits.age}
    left = [version for version in versions if version.id not in gone]
    last = {of_path[-1].id for of_path in by_path.values()}
    excess = sum(version.size for version in left) - limits.size
    for version in sorted(left, key=lambda v: (v.id in last, v.kept_at, v.id)):
        if excess <= 0:
            break
        gone.add(version.id)
        excess -= version.size
    return [version for version in versions if version.id in gone]


def prune(root: RootPaths, facts: Facts, limits: VersionsConfig, now: datetime) -> list[Version]:
    """Evict by the limits: the file first, then the record, so that a crash between leaves no orphan."""
    evicted = to_evict(facts.versions(), limits, now)
    base = os.fsencode(root.versions)
    for version in evicted:
        file = base + b"/" + version.place
        with suppress(FileNotFoundError):
            os.unlink(file)
        facts.drop_version(version.id)
        _remove_empty_above(file, base)
    return evicted


def _remove_empty_above(file: bytes, base: bytes) -> None:
    folder = os.path.dirname(file)
    while folder.startswith(base + b"/"):
        try:
            os.rmdir(folder)
        except OSError:
            return
        folder = os.path.dirname(folder)
