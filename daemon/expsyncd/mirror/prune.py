"""How long old bytes are kept: by count a path, by age, by size in all; the last of a path only by size."""

from __future__ import annotations

import logging
import os
from collections import defaultdict
from typing import TYPE_CHECKING

from expsyncd.mirror.folders import remove_empty_above

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from expsyncd.config.model import VersionsConfig
    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Facts, Version

logger = logging.getLogger(__name__)


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
    """Evict by the limits: the file first, then the record, so that a crash between leaves no orphan.

    What cannot be removed keeps its record; while the root's disk is away nothing is evicted.
    """
    base = os.fsencode(root.versions)
    evicted = []
    for version in to_evict(facts.versions(), limits, now):
        file = base + b"/" + version.place
        try:
            os.unlink(file)
        except (FileNotFoundError, NotADirectoryError):
            if not os.path.isdir(base):
                break
        except OSError as error:
            logger.warning("version %d cannot be removed: %s", version.id, error.strerror)
            continue
        facts.drop_version(version.id)
        remove_empty_above(file, base)
        evicted.append(version)
    return evicted
