"""Everything the folder on the host ever held, found by looking at it after each deed; nobody else writes there."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PIECE = 4096  # the kernel writes page by page: a reader may see a file that was overwritten up to one


def below(folder: bytes) -> dict[bytes, os.stat_result]:
    """Every entry below a folder, folders and links too: relative path to lstat."""
    found: dict[bytes, os.stat_result] = {}
    waiting = [b""]
    while waiting:
        inside = waiting.pop()
        for entry in os.scandir(folder + b"/" + inside):
            path = inside + entry.name
            found[path] = entry.stat(follow_symlinks=False)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(path + b"/")
    return found


def stamp(status: os.stat_result) -> tuple[int, ...]:
    """What changes whenever a file does."""
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@dataclass
class Ledger:
    """`now`: the bytes of each regular file; `states`: all it ever had, by path; `kept`: what must never go."""

    folder: bytes
    now: dict[bytes, bytes] = field(default_factory=dict)
    states: dict[bytes, set[bytes]] = field(default_factory=dict)
    mixed: list[tuple[bytes, bytes, bytes]] = field(default_factory=list)
    kept: dict[bytes, set[bytes]] = field(default_factory=dict)
    entries: dict[bytes, os.stat_result] = field(default_factory=dict)
    _inodes: dict[int, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path) -> Ledger:
        """The ledger of an empty folder."""
        return cls(os.fsencode(folder))

    def look(self) -> None:
        """Note what the folder holds now."""
        entries = below(self.folder)
        for path in list(self.now):
            if path not in entries or not stat.S_ISREG(entries[path].st_mode):
                del self.now[path]
        for path, status in entries.items():
            if not stat.S_ISREG(status.st_mode):
                continue
            known = self.entries.get(path)
            if path not in self.now or known is None or stamp(known) != stamp(status):
                with suppress(PermissionError), open(self.folder + b"/" + path, "rb") as file:
                    self._inodes[status.st_ino] = file.read()
                self.now[path] = self._inodes[status.st_ino]
                self.saw(path, self.now[path])
        self.entries = entries

    def closed(self) -> set[bytes]:
        """Files that nobody may read."""
        return {path for path in self.now if not self.entries[path].st_mode & stat.S_IRUSR}

    def saw(self, path: bytes, state: bytes) -> None:
        """A state that a path has, if only between two calls of one deed."""
        self.states.setdefault(path, set()).add(state)

    def overwritten(self, path: bytes, old: bytes, new: bytes) -> None:
        """The bytes of one inode were overwritten by as many."""
        self.mixed.append((path, old, new))

    def stayed(self, path: bytes) -> None:
        """What is there now has been there long enough to be here for ever."""
        self.kept.setdefault(path, set()).add(self.now[path])

    def nearest(self, path: bytes, sample: bytes) -> str:
        """Which states of which paths a sample is made of, piece by piece: to tell how it may have come to be."""
        known = [(path, state) for state in self.states.get(path, ())]
        known += [
            (other, state) for other, states in self.states.items() if other != path for state in states
        ]
        runs: list[tuple[str, int, int]] = []
        for place in range(0, len(sample), PIECE):
            piece = sample[place : place + PIECE]
            found = [
                f"state {hash(state) % 10000} ({len(state)} bytes) of {other!r}"
                for other, state in known
                if state[place : place + len(piece)] == piece
            ]
            name = " = ".join(sorted(set(found))[:4]) or "nothing"
            if runs and runs[-1][0] == name:
                runs[-1] = (name, runs[-1][1], place + len(piece))
            else:
                runs.append((name, place, place + len(piece)))
        return "; ".join(f"{start} to {end} is {name}" for name, start, end in runs)

    def ever_began_with(self, path: bytes, sample: bytes) -> bool:
        """Whether `sample` is a prefix of some state that the path ever had on the host."""
        if any(state.startswith(sample) for state in self.states.get(path, ())):
            return True
        return any(_torn(sample, old, new) for _, old, new in self.mixed)


def _torn(sample: bytes, old: bytes, new: bytes) -> bool:
    """Whether somebody read that while `old` was overwritten by `new`, by whatever name of the file.

    The kernel copies page by page for both: who reads and is put to rest in the midst has first what was old.
    """
    places = range(0, len(sample), PIECE)
    return len(sample) <= len(new) and all(
        sample[place : place + PIECE]
        in (new[place : min(place + PIECE, len(sample))], old[place : min(place + PIECE, len(sample))])
        for place in places
    )
