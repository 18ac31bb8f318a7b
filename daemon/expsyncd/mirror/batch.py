"""Collapses many file events into few batches after a quiet delay, at the latest after a hard one. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

# rsync's temporary file `.NAME.XXXXXX`; ours lie in .incoming, but a person may rsync into the mirror.
_TEMPORARY = re.compile(rb"\..+\.[A-Za-z0-9]{6}", re.DOTALL)
# Folders in which rsync keeps unfinished files; TensorBoard would show them as runs.
UNFINISHED_FOLDERS = frozenset({b".incoming", b".rsync-partial", b".~tmp~"})

QUIET_S = 0.2  # a file is usually written in several writes; longer than that is felt
LATEST_S = 1.0  # a value is to be on the screen about a second after it was written, however busy the mirror
MANY = 500  # above this a walk is cheaper than single looks, and memory stays bounded
FOLDER_AGAIN_S = 2.0  # what moves into a new folder before it is watched is not reported: look once more


def is_temporary(name: bytes) -> bool:
    """Whether a file of this name is one that rsync has not finished."""
    return _TEMPORARY.fullmatch(name) is not None


def ignored(inside: bytes) -> bool:
    """Whether an event of this path, relative to the mirror, says nothing about the mirror."""
    *folders, name = inside.split(b"/")
    return is_temporary(name) or not UNFINISHED_FOLDERS.isdisjoint([*folders, name])


@dataclass(frozen=True)
class Batch:
    """What changed: absolute `paths` (a folder stands for all below it), or `everything`."""

    paths: frozenset[bytes] = frozenset()
    everything: bool = False


class Gathering:
    """Changes that wait for their batch; the caller brings the time (monotonic seconds)."""

    def __init__(self, *, quiet_s: float = QUIET_S, latest_s: float = LATEST_S, many: int = MANY) -> None:
        self._quiet_s = quiet_s
        self._latest_s = latest_s
        self._many = many
        self._paths: set[bytes] = set()
        self._everything = False
        self._first: float | None = None
        self._last = 0.0
        self._again: dict[bytes, float] = {}

    def add(self, path: bytes, now: float, *, folder: bool = False) -> None:
        """A change of `path`; a `folder` is reported now and once more after a while."""
        self._stamp(now)
        if self._everything:
            return
        self._paths.add(path)
        if folder:
            self._again[path] = now + FOLDER_AGAIN_S
        if len(self._paths) > self._many:
            self._make_everything()

    def add_everything(self, now: float) -> None:
        """Nobody knows what changed."""
        self._stamp(now)
        self._make_everything()

    def due(self) -> float | None:
        """When `take` will give the next batch; None while nothing waits."""
        moments = list(self._again.values())
        if self._first is not None:
            moments.append(min(self._last + self._quiet_s, self._first + self._latest_s))
        return min(moments, default=None)

    def take(self, now: float) -> Batch | None:
        """The batch that is due at `now`, if any."""
        due = self.due()
        if due is None or now < due:
            return None
        second_looks = {path for path, at in self._again.items() if at <= now}
        for path in second_looks:
            del self._again[path]
        batch = Batch(everything=True) if self._everything else Batch(frozenset(self._paths | second_looks))
        self._paths.clear()
        self._everything = False
        self._first = None
        return batch

    def _stamp(self, now: float) -> None:
        self._first = now if self._first is None else self._first
        self._last = now

    def _make_everything(self) -> None:
        self._everything = True
        self._paths.clear()
