"""The root folder: made once, recognised by its marker, never written while its disk is away."""

from __future__ import annotations

import os
import time
import uuid
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.errors import Error, NeedsUserError
from expsyncd.mirror.marker import read_marker, write_marker
from expsyncd.mirror.space import FreeSpace
from expsyncd.paths import PRIVATE_FOLDER, RootPaths
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from expsyncd.state.facts import Facts

__all__ = ["FreeSpace", "Root", "adopt", "resolved", "unplaced"]

# After the disk was mounted anew, passes that still write to where it was must see a trouble; each of them
# looks once a second.
REMOUNT_REST_S = 3.0
# A folder or file that was changed so long ago has another stamp when it is changed again: no file system's
# clock is coarser than two seconds (FAT).
RESTED_S = 3.0
NEW_ROOT = ".expsyncd-new"  # a root is made under this name and renamed once it has its marker


class Root:
    """An opened root. `check` says whether it may be written now."""

    def __init__(
        self, paths: RootPaths, identity: str, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        self._paths = paths
        self._identity = identity
        self._monotonic = monotonic
        self._device: int | None = None
        self._rests_until = float("-inf")
        self._well: tuple[int, ...] | None = None  # stamps of the folder and its marker when all was well

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
        # Also by the spelling of the config: where links lie on the absent disk, it resolves otherwise.
        known = facts.known_root(str(paths.path)) or facts.known_root(_spelled(config_root))
        if known is not None:
            root = cls(paths, known)
            if root.check() is None:
                _remember(facts, config_root, paths, known)
            return root
        try:
            with _opened(paths.path) as folder:
                found = read_marker(folder, paths.marker.name)
        except FileNotFoundError:
            return cls._make(config_root, paths, facts)
        except OSError as error:
            raise NeedsUserError(
                f"the root {paths.path} cannot be opened: {error.strerror}",
                "name another `root:` in hosts.yaml, or mend this one",
            ) from error
        if found is None:
            raise NeedsUserError(
                f"{paths.path} is there already and not known to expsyncd",
                f"`expsyncd adopt {paths.path}` takes it over, or name another `root:`",
            )
        _remember(facts, config_root, paths, found)
        root = cls(paths, found)
        root.check()
        return root

    @classmethod
    def _make(cls, config_root: Path, paths: RootPaths, facts: Facts) -> Root:
        identity = uuid.uuid4().hex
        fresh = paths.path.with_name(NEW_ROOT)
        try:
            paths.path.parent.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
            # With its marker from the first moment: a crash in between leaves no folder that would be
            # taken for somebody else's.
            fresh.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            with _opened(fresh) as folder:
                write_marker(folder, paths.marker.name, identity, _now())
            fresh.rename(paths.path)
        except OSError as error:
            raise NeedsUserError(
                f"the root {paths.path} cannot be made: {error.strerror}",
                "name another `root:` in hosts.yaml, or mend the folder above it",
            ) from error
        _remember(facts, config_root, paths, identity)
        root = cls(paths, identity)
        root.check()
        return root

    def check(self) -> Trouble | None:
        """Why nothing may be written now; makes missing folders of ours when all is well.

        Cheap: it is asked every second while something is pulled.
        """
        path = self._paths.path
        try:
            # All through one open folder: what is unmounted in the middle is not written to.
            with _opened(path) as folder:
                return self._look(folder)
        except FileNotFoundError:
            return self._away()
        except OSError as error:
            return Trouble(f"the root {path} cannot be used: {error.strerror}", "look at its disk")

    def _look(self, folder: int) -> Trouble | None:
        path = self._paths.path
        stamps = _stamps(folder, self._paths.marker.name)
        if stamps is not None and stamps == self._well and not os.fstatvfs(folder).f_flag & os.ST_RDONLY:
            return None
        self._well = None
        found = read_marker(folder, self._paths.marker.name)
        if found is None:
            return self._away()
        if found != self._identity:
            return Trouble(
                f"another disk is mounted at {path}",
                f"mount the right one, or `expsyncd adopt {path}` and restart expsyncd",
            )
        if os.fstatvfs(folder).f_flag & os.ST_RDONLY:
            return Trouble(f"the disk of the root {path} is read-only", "mount it writable")
        device, now = os.fstat(folder).st_dev, self._monotonic()
        if self._device not in (None, device):
            self._rests_until = now + REMOUNT_REST_S
        self._device = device
        if now < self._rests_until:
            return Trouble(f"the disk of the root {path} was mounted anew", "it goes on by itself in seconds")
        for tree in _trees(self._paths):
            with suppress(FileExistsError):
                os.mkdir(tree.name, PRIVATE_FOLDER, dir_fd=folder)
        if stamps is not None and _rested(stamps):
            self._well = stamps
        return None

    def _away(self) -> Trouble:
        path = self._paths.path
        return Trouble(
            f"the root {path} is not there (an unmounted disk?)",
            f"mount it; if it is gone for good, `expsyncd adopt {path}` starts anew there",
        )

    def free_bytes(self) -> int | None:
        """Room for us on its disk; None when it cannot be asked."""
        try:
            found = os.statvfs(self._paths.path)
        except OSError:
            return None
        return found.f_bavail * found.f_frsize


def resolved(config_root: Path) -> RootPaths:
    """The root without `~` and links: rsync refuses destinations through links."""
    return RootPaths(config_root.expanduser().absolute().resolve())


def adopt(config_root: Path, facts: Facts) -> Root:
    """Take a folder over as a root; its `mirror/HOST/SOURCE` are taken as already pulled.

    Nothing in it is moved. Raises Error when it is no folder or cannot be written.
    """
    paths = resolved(config_root)
    try:
        with _opened(paths.path) as folder:
            identity = read_marker(folder, paths.marker.name)
            if identity is None:
                identity = uuid.uuid4().hex
                write_marker(folder, paths.marker.name, identity, _now())
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Error(
            f"{paths.path} is no folder",
            "name the folder that `root:` in hosts.yaml names; to start anew there, make it first",
        ) from error
    except OSError as error:
        raise Error(f"{paths.path} cannot be taken over: {error.strerror}", "mend its permissions") from error
    root = Root(paths, identity)
    if trouble := root.check():
        raise Error(trouble.title, trouble.advice)
    _remember(facts, config_root, paths, identity)
    return root


def unplaced(paths: RootPaths) -> list[Path]:
    """Folders directly in the root that look like HOST/SOURCE and would belong below `mirror/`."""
    ours = {tree.name for tree in _trees(paths)}
    found = (path for path in sorted(paths.path.iterdir()) if path.name not in ours)
    return [path for path in found if not path.name.startswith(".") and _holds_folder(path)]


def _holds_folder(path: Path) -> bool:
    with suppress(OSError):
        return any(inner.is_dir() for inner in path.iterdir())
    return False


def _trees(paths: RootPaths) -> tuple[Path, ...]:
    return (paths.mirror, paths.tb_log, paths.versions, paths.incoming, paths.animations)


def _remember(facts: Facts, config_root: Path, paths: RootPaths, identity: str) -> None:
    for name in {str(paths.path), _spelled(config_root)}:
        if facts.known_root(name) != identity:
            facts.remember_root(name, identity)


def _spelled(config_root: Path) -> str:
    return str(config_root.expanduser().absolute())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _stamps(folder: int, marker: str) -> tuple[int, ...] | None:
    """What changes with the entries of the open `folder` and with its marker; None where there is none."""
    try:
        found = os.fstat(folder), os.stat(marker, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None
    return tuple(n for s in found for n in (s.st_dev, s.st_ino, s.st_mtime_ns, s.st_ctime_ns))


def _rested(stamps: tuple[int, ...]) -> bool:
    return time.time_ns() - max(*stamps[2:4], *stamps[6:8]) > RESTED_S * 1e9


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield folder
    finally:
        os.close(folder)
