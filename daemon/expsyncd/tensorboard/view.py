"""The view that TensorBoard reads: tb_log/HOST/RUN, real folders with links to the event files of the mirror.

The fast loader never re-opens a file: when one is replaced, or a run comes back within a reload cycle, it
shows old points for ever. So a run whose files changed otherwise than by growing leaves the view and rests.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.tensorboard.links import LinkTree
from expsyncd.tensorboard.names import RunKey, harmless, view_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from expsyncd.mirror.scan import RunFolder
    from expsyncd.paths import RootPaths

# More than two reload cycles, each 1 s and the time to look at all runs again.
REST_S = 3.0


@dataclass(frozen=True)
class ViewChange:
    """What one `lay` did: links (relative to tb_log) `added` and `removed`, and how many `runs` are shown.

    `resting`: event files of runs that are out of the view, each until a monotonic moment; lay again at the
    earliest. `blocked`: links in whose place something else lies, and too long ones. `names`: what each run
    is called in TensorBoard, also hidden, held and resting ones.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]
    runs: int
    resting: Mapping[Path, float]
    blocked: tuple[str, ...]
    names: Mapping[RunKey, str]


@dataclass(frozen=True, slots=True)
class _Seen:
    """An event file when its link was laid."""

    target: bytes
    device: int
    inode: int
    size: int

    def grew_into(self, now: _Seen | None) -> bool:
        return (
            now is not None
            and (now.target, now.device, now.inode) == (self.target, self.device, self.inode)
            and now.size >= self.size
        )


_Files = dict[str, _Seen]  # by the name of the link


class View:
    """Lays the view of one root and remembers what it laid, to notice what was replaced.

    It starts empty-handed: start (or restart) TensorBoard after a new View's first `lay`.
    """

    def __init__(self, root: RootPaths, *, rest_s: float = REST_S) -> None:
        self._root = root
        self._rest_s = rest_s
        self._tree = LinkTree(root.tb_log, root.mirror)
        self._laid: dict[str, _Files] = {}
        self._links: dict[bytes, tuple[str, str]] = {}
        self._left: dict[str, float] = {}

    def lay(
        self,
        runs: Sequence[RunFolder],
        *,
        now: float,
        hidden: AbstractSet[RunKey] = frozenset(),
        held: AbstractSet[Path] = frozenset(),
        names: Mapping[RunKey, str] | None = None,
    ) -> ViewChange:
        """Bring the view to `runs` (all of them, also those that do not change) at monotonic `now`.

        `hidden` runs are left out. A run with a file in `held` (absolute paths of files that are about to be
        replaced) is left out, and rests once it is no longer held. Nothing is written while the mirror is
        missing. `names`: of `runs`, when they are known already. Blocks for the file system; raises OSError
        when tb_log cannot be made.
        """
        names = view_names(runs) if names is None else names
        if not self._root.mirror.is_dir():
            return ViewChange((), (), len(self._laid), {}, (), names)
        away = {os.fsencode(file) for file in held}
        wanted = {
            names[run.key]: files
            for run in runs
            if run.key not in hidden
            and (files := self._files(run))
            and away.isdisjoint(seen.target for seen in files.values())
        }
        self._note_leavers(wanted, now)
        resting = {
            Path(os.fsdecode(seen.target)): self._left[name] + self._rest_s
            for name in wanted.keys() & self._left.keys()
            for seen in wanted.pop(name).values()
        }
        self._laid = wanted
        self._links = {
            seen.target: (name, link) for name, files in wanted.items() for link, seen in files.items()
        }
        change = self._tree.bring_to(_links(wanted))
        return ViewChange(change.added, change.removed, len(wanted), resting, change.blocked, names)

    def grew(self, file: bytes) -> bool:
        """Whether an event file (absolute) is shown and merely grew, so that the view is right as it is."""
        name, link = self._links.get(file, ("", ""))
        before = self._laid.get(name, {}).get(link)
        now = _seen(file)
        if before is None or now is None or not before.grew_into(now):
            return False
        files = self._laid.get(name, {})  # `lay` may have ended meanwhile, in a thread of its own
        if link not in files:
            return False
        files[link] = now
        return True

    def _files(self, run: RunFolder) -> _Files:
        place = (os.fsencode(self._root.mirror / run.host / run.source), run.inside)
        folder = b"/".join(part for part in place if part)
        files: _Files = {}
        for name in run.files:
            if seen := _seen(folder + b"/" + name):
                files[harmless(name)] = seen
        return files

    def _note_leavers(self, wanted: Mapping[str, _Files], now: float) -> None:
        # A rest counts from the moment of leaving, however long the run was hidden or held.
        self._left = {name: at for name, at in self._left.items() if now < at + self._rest_s}
        for name, before in self._laid.items():
            files = wanted.get(name, {})
            # The whole run leaves: the loader drops its points with the folder, not with a file.
            if not all(seen.grew_into(files.get(link)) for link, seen in before.items()):
                self._left[name] = now


def _seen(target: bytes) -> _Seen | None:
    try:
        found = os.lstat(target)
    except OSError:
        return None
    regular = stat.S_ISREG(found.st_mode)
    return _Seen(target, found.st_dev, found.st_ino, found.st_size) if regular else None


def _links(wanted: Mapping[str, _Files]) -> dict[str, bytes]:
    folders = {parent for name in wanted for parent in _with_parents(name)}
    links = {}
    for name, files in wanted.items():
        for file, seen in files.items():
            link = f"{name}/{file}"
            # One source's event file may have the name of another source's folder.
            while link in folders or link in links:
                link += "~"
            links[link] = seen.target
    return links


def _with_parents(name: str) -> list[str]:
    parts = name.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]
