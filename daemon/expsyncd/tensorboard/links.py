"""A tree of real folders with links to files of the mirror; touches only what differs and is ours."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.mirror.scan import EVENT_FILE_MARK
from expsyncd.paths import PRIVATE_FOLDER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass
class _Found:
    """What lies under the top: links with their targets, folders (parents first), by relative path."""

    links: dict[str, bytes] = field(default_factory=dict)
    folders: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class TreeChange:
    """Links `added` and `removed`; `blocked`: those in whose place something else lies, and too long ones."""

    added: tuple[str, ...]
    removed: tuple[str, ...]
    blocked: tuple[str, ...]


class LinkTree:
    """The links below `top`, all of which point into `mirror`."""

    def __init__(self, top: Path, mirror: Path) -> None:
        self._top = top
        self._mirror = os.fsencode(mirror) + b"/"

    def bring_to(self, wanted: Mapping[str, bytes]) -> TreeChange:
        """Make the links of ours below `top` exactly `wanted` (relative path → absolute target).

        Raises OSError when `top` itself cannot be made. Files, folders with something in them and links that
        lead elsewhere than to a mirrored event file are not ours and stay.
        """
        self._top.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        found = self._look()
        removed = []
        for link, target in found.links.items():
            if wanted.get(link) != target and self._ours(target):
                with suppress(FileNotFoundError):
                    (self._top / link).unlink()
                    removed.append(link)
        # Folders go before links come: a folder that is no longer wanted may have a wanted link's name.
        needed = {parent for link in wanted for parent in _parents(link)}
        for folder in reversed(found.folders):
            if folder not in needed:
                with suppress(OSError):
                    (self._top / folder).rmdir()
        missing = {link: target for link, target in wanted.items() if found.links.get(link) != target}
        laid = {link: self._lay(link, target) for link, target in missing.items()}
        added = tuple(link for link, done in laid.items() if done)
        blocked = tuple(link for link, done in laid.items() if not done)
        return TreeChange(added, tuple(removed), blocked)

    def _look(self) -> _Found:
        found = _Found()
        waiting = [""]
        while waiting:
            inside = waiting.pop()
            with suppress(OSError), os.scandir(self._top / inside) as entries:
                for entry in entries:
                    path = f"{inside}/{entry.name}" if inside else entry.name
                    if entry.is_symlink():
                        with suppress(OSError):
                            found.links[path] = os.fsencode(os.readlink(entry.path))
                    elif entry.is_dir(follow_symlinks=False):
                        found.folders.append(path)
                        waiting.append(path)
        return found

    def _ours(self, target: bytes) -> bool:
        # The second case: links of a root that was moved. They lead nowhere and are in the way.
        return target.startswith(self._mirror) or (
            b"/mirror/" in target
            and EVENT_FILE_MARK in target.rpartition(b"/")[2]
            and not os.path.lexists(target)
        )

    def _lay(self, link: str, target: bytes) -> bool:
        for folder in reversed(_parents(link)):
            place = self._top / folder
            try:
                place.mkdir(mode=PRIVATE_FOLDER)
            except FileExistsError:
                # A person's link to a folder is not followed: we would write into whatever it leads to.
                if not stat.S_ISDIR(place.lstat().st_mode):
                    return False
            except OSError as error:
                return _unless_too_long(error)
        try:
            os.symlink(target, os.fsencode(self._top / link))
        except FileExistsError:
            return False
        except OSError as error:
            return _unless_too_long(error)
        return True


def _unless_too_long(error: OSError) -> bool:
    """False where the path alone is at fault: one such name on a host must not keep all others out."""
    if error.errno != errno.ENAMETOOLONG:
        raise error
    return False


def _parents(link: str) -> list[str]:
    parts = link.split("/")
    return ["/".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
