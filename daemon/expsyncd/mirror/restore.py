"""Copying an old version to a place the person names; never into the mirror."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.paths import RootPaths
    from expsyncd.state.facts import Version


def restore(root: RootPaths, version: Version, to: Path, *, force: bool = False) -> Path:
    """Copy a version to the file `to`, or into it if that is a folder; the file that was written.

    Raises Error for a place inside the root's trees, for an existing file without `force`, and when the
    version's bytes are no longer there.
    """
    name = os.fsdecode(version.path.rpartition(b"/")[2])
    goal = (to / name if to.is_dir() else to).absolute()
    inside = goal.parent.resolve()
    for tree in (root.mirror, root.versions, root.incoming, root.tb_log):
        if inside == tree or tree in inside.parents:
            raise Error(f"{goal} is inside {tree}", "name a place outside the root: pulls own what is in it")
    if os.path.lexists(goal) and not force:
        raise Error(f"{goal} is there already", "name another place, or add --force to replace it")
    old = root.versions / os.fsdecode(version.place)
    partial = goal.with_name(f".{goal.name[:200]}.partial")
    try:
        shutil.copyfile(old, partial, follow_symlinks=False)
        partial.replace(goal)
    except FileNotFoundError as error:
        raise Error(
            f"version {version.id} cannot be copied: {error.strerror} ({error.filename})",
            "is the root's disk mounted, and does the folder to restore into exist?",
        ) from error
    finally:
        partial.unlink(missing_ok=True)
    return goal
