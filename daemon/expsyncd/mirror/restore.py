"""Copying an old version to a place the person names; never into the root."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Version


def restore(root: RootPaths, version: Version, to: Path, *, force: bool = False) -> Path:
    """Copy a version to the file `to`, or into it if that is a folder; the file that was written.

    Raises Error for a place inside the root, for an existing file without `force`, and when the
    version's bytes are no longer there.
    """
    name = os.fsdecode(version.path.rpartition(b"/")[2])
    goal = (to / name if to.is_dir() else to).absolute()
    folder = goal.parent.resolve()
    if folder == root.path or root.path in folder.parents:
        raise Error(f"{goal} is inside {root.path}", "name a place outside the root: pulls own what is in it")
    if goal.is_dir():
        raise Error(f"{goal} is a folder", "name a file, or another folder to put it into")
    if os.path.lexists(goal) and not force:
        raise Error(f"{goal} is there already", "name another place, or add --force to replace it")
    try:
        _copy(root.versions / os.fsdecode(version.place), goal)
    except OSError as error:
        raise Error(
            f"version {version.id} cannot be copied to {goal}: {error.strerror}",
            "is the root's disk mounted, and does the folder to restore into exist, with room in it?",
        ) from error
    return goal


def _copy(old: Path, goal: Path) -> None:
    """By a copy beside `goal` and a rename, so that nobody sees half a file; its time comes along."""
    # In a fresh folder of our own, whose name nobody could have prepared a link for.
    with tempfile.TemporaryDirectory(prefix=".expsyncd-", dir=goal.parent) as folder:
        copied = Path(folder) / "restored"
        shutil.copy2(old, copied, follow_symlinks=False)
        copied.replace(goal)
