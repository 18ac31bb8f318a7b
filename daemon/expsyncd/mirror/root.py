"""The root folder: made once, recognised by its marker, never written while its disk is away."""

from __future__ import annotations

import json
import os
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.errors import Error, NeedsUserError
from expsyncd.paths import PRIVATE_FILE, PRIVATE_FOLDER, RootPaths
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.state.facts import Facts

HYSTERESIS = 1.2  # pulling goes on when this many times the floor is free, so that it does not flutter
HYSTERESIS_AT_MOST = 500_000_000


class Root:
    """An opened root. `check` says whether it may be written now."""

    def __init__(self, paths: RootPaths, identity: str) -> None:
        self._paths = paths
        self._identity = identity

    @property
    def paths(self) -> RootPaths:
        """The tree under it."""
        return self._paths

    @classmethod
    def prepare(cls, config_root: Path, facts: Facts) -> Root:
        """Make the root, or recognise it. Its disk may be away: then `check` says so.

        Raises NeedsUserError for a folder that is there but not known to be ours.
        """
        paths = resolved(config_root)
        known = facts.known_root(str(paths.path))
        if known is not None:
            root = cls(paths, known)
            root.check()
            return root
        found = _read_marker(paths)
        if found is not None:
            facts.remember_root(str(paths.path), found)
            return cls(paths, found)
        if paths.path.exists():
            raise NeedsUserError(
                f"{paths.path} is there already and not known to expsyncd",
                f"`expsyncd adopt {paths.path}` takes it over, or name another `root:`",
            )
        return cls._make(paths, facts)

    @classmethod
    def _make(cls, paths: RootPaths, facts: Facts) -> Root:
        identity = uuid.uuid4().hex
        try:
            paths.path.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            _write_marker(paths, identity)
        except OSError as error:
            raise NeedsUserError(
                f"the root {paths.path} cannot be made: {error.strerror}",
                "name another `root:` in hosts.yaml, or mend the folder above it",
            ) from error
        facts.remember_root(str(paths.path), identity)
        root = cls(paths, identity)
        root.check()
        return root

    def check(self) -> Trouble | None:
        """Why nothing may be written now; makes missing folders of ours when all is well.

        Cheap: it is asked every second while something is pulled.
        """
        found = _read_marker(self._paths)
        if found is None:
            return Trouble(
                f"the root {self._paths.path} is not there (an unmounted disk?)",
                f"mount it; if it is gone for good, `expsyncd adopt {self._paths.path}` starts anew there",
            )
        if found != self._identity:
            return Trouble(
                f"another disk is mounted at {self._paths.path}",
                f"mount the right one, or `expsyncd adopt {self._paths.path}` and restart expsyncd",
            )
        try:
            for folder in (
                self._paths.mirror,
                self._paths.tb_log,
                self._paths.versions,
                self._paths.incoming,
                self._paths.animations,
            ):
                folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        except OSError as error:
            return Trouble(
                f"the root {self._paths.path} cannot be written: {error.strerror}", "mend its disk"
            )
        return None

    def free_bytes(self) -> int | None:
        """Room for us on its disk; None when it cannot be asked."""
        try:
            found = os.statvfs(self._paths.path)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize


class FreeSpace:
    """Keeps a floor of free bytes: blocked below it, free again only well above it."""

    def __init__(self, floor: int) -> None:
        self._floor = floor
        self._resume = min(int(floor * HYSTERESIS), floor + HYSTERESIS_AT_MOST)
        self._blocked = False

    def room(self, free: int) -> int:
        """How many bytes may be pulled when `free` are free."""
        if free < self._floor:
            self._blocked = True
        elif free >= self._resume:
            self._blocked = False
        return 0 if self._blocked else free - self._floor


def resolved(config_root: Path) -> RootPaths:
    """The root without `~` and links: rsync refuses destinations through links."""
    return RootPaths(config_root.expanduser().absolute().resolve())


def adopt(config_root: Path, facts: Facts) -> Root:
    """Take a folder over as a root; its `mirror/HOST/SOURCE` are taken as already pulled.

    Raises Error when it is no folder.
    """
    paths = resolved(config_root)
    if not paths.path.is_dir():
        raise Error(f"{paths.path} is no folder", "name the folder that `root:` in hosts.yaml names")
    identity = _read_marker(paths) or uuid.uuid4().hex
    _write_marker(paths, identity)
    facts.remember_root(str(paths.path), identity)
    root = Root(paths, identity)
    if trouble := root.check():
        raise Error(trouble.title, trouble.advice)
    return root


def _read_marker(paths: RootPaths) -> str | None:
    try:
        said = json.loads(paths.marker.read_bytes())
    except (OSError, ValueError):
        return None
    identity = said.get("id") if isinstance(said, dict) else None
    return identity if isinstance(identity, str) else None


def _write_marker(paths: RootPaths, identity: str) -> None:
    said = {"expsyncd": 1, "id": identity, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    descriptor = os.open(paths.marker, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, PRIVATE_FILE)
    with os.fdopen(descriptor, "w") as file:
        json.dump(said, file)
        file.write("\n")
