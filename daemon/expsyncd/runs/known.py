"""Which runs there are in the mirror, and which of their files are to be read. For a thread, not the loop."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.mirror.scan import is_called
from expsyncd.runs import find

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from expsyncd.runs.find import RunSeen
    from expsyncd.state.measured import RunKey
    from expsyncd.state.readings import Address

# A change in these folders is one of the run above.
_BELONGINGS = frozenset({b".hydra", b"files"})


@dataclass
class Change:
    """What a look found: runs that are new or changed, those to be read anew, those that went."""

    seen: list[RunSeen] = field(default_factory=list)
    anew: list[RunSeen] = field(default_factory=list)
    went: list[RunKey] = field(default_factory=list)


class Known:
    """All runs as last seen; `look` at changed paths, or at everything."""

    def __init__(self, mirror: Path) -> None:
        self._mirror = os.fsencode(mirror)
        self.runs: dict[RunKey, RunSeen] = {}
        # Most often one, and a set takes four times as much.
        self._users: dict[Address, tuple[RunKey, ...]] = {}

    def look_at_all(self) -> Change:
        """Walk the mirror."""
        change = Change()
        left = set(self.runs)
        # One by one: all of them beside those that are known would be twice as much.
        for host, source in find.sources(self._mirror):
            for seen in find.find(self._mirror, host, source):
                left.discard(seen.key)
                self._put(seen, change)
        for key in sorted(left):
            self._drop(key, change)
        return change

    def look(self, paths: Iterable[bytes]) -> Change:
        """Look at what these absolute paths belong to; a folder stands for all below it."""
        change = Change()
        folders: set[RunKey] = set()
        for path in paths:
            if not path.startswith(self._mirror + b"/"):
                continue
            parts = path.removeprefix(self._mirror + b"/").split(b"/", 2)
            if not all(is_called(part) for part in parts[:2]):
                continue
            if len(parts) < 3:
                self._look_at_sources(os.fsdecode(parts[0]), os.fsdecode(b"".join(parts[1:])), change)
                continue
            host, source, inside = os.fsdecode(parts[0]), os.fsdecode(parts[1]), parts[2]
            is_there = os.path.lexists(path)
            if os.path.isdir(path) and not os.path.islink(path):
                self._look_below(host, source, inside, change)
            elif is_there and not find.may_matter(path):
                continue
            folders |= {(host, source, folder) for folder in _folders(inside)}
            folders.update(self._users.get((host, source, inside), ()))
            if not is_there:
                folders |= {
                    key for key in self.runs if key[:2] == (host, source) and _is_below(key[2], inside)
                }
        for key in sorted(folders):
            seen = find.look(self._mirror, *key)
            if seen is not None:
                self._put(seen, change)
            elif key in self.runs:
                self._drop(key, change)
        return change

    def _look_at_sources(self, host: str, source: str, change: Change) -> None:
        """The folder of a host, or of one of its sources, came or went."""
        there = {key[:2] for key in self.runs} | set(find.sources(self._mirror))
        for key in sorted(there):
            if key[0] == host and source in {"", key[1]}:
                self._look_below(*key, b"", change)

    def _look_below(self, host: str, source: str, inside: bytes, change: Change) -> None:
        found = {seen.key: seen for seen in find.find(self._mirror, host, source, inside)}
        for key in list(self.runs):
            if key[:2] == (host, source) and _is_below(key[2], inside) and key not in found:
                self._drop(key, change)
        for seen in found.values():
            self._put(seen, change)

    def _put(self, seen: RunSeen, change: Change) -> None:
        before = self.runs.get(seen.key)
        if before == seen:
            return
        self.runs[seen.key] = seen
        paths = {file.address for file in seen.files}
        if before is not None:
            for file in before.files:
                if file.address not in paths:
                    self._leave(file.address, seen.key)
        for address in paths:
            if seen.key not in (users := self._users.get(address, ())):
                self._users[address] = (*users, seen.key)
        if before is not None and not _goes_on(before, seen):
            change.anew.append(seen)
        change.seen.append(seen)

    def _drop(self, key: RunKey, change: Change) -> None:
        for file in self.runs.pop(key).files:
            self._leave(file.address, key)
        change.went.append(key)

    def _leave(self, address: Address, key: RunKey) -> None:
        users = tuple(user for user in self._users.pop(address, ()) if user != key)
        if users:
            self._users[address] = users

    def borrowers(self, seen: RunSeen) -> set[RunKey]:
        """Runs whose settings lie in event files of this one."""
        users = (self._users.get(file.address, ()) for file in seen.files if file.kind == "events")
        return set().union(*users) - {seen.key}

    def forget(self) -> None:
        """As at the start: every run is new."""
        self.runs.clear()
        self._users.clear()

    def is_used(self, address: Address) -> bool:
        """Whether a file belongs to any run."""
        return address in self._users


def _goes_on(before: RunSeen, now: RunSeen) -> bool:
    """Whether what was read of its metrics still counts: no file went, no event file came before others."""
    metrics = [file.path for file in before.files if file.grows]
    events = [file.path for file in now.files if file.kind == "events"]
    old = [file.path for file in before.files if file.kind == "events"]
    return (
        before.kind == now.kind
        and set(metrics) <= {file.path for file in now.files}
        and events[: len(old)] == old
    )


def _folders(inside: bytes) -> list[bytes]:
    """Where the run of a file may be: its folder, or the one above that."""
    *folders, _ = inside.split(b"/")
    found = [b"/".join(folders)]
    if folders and folders[-1] in _BELONGINGS:
        found.append(b"/".join(folders[:-1]))
    return found


def _is_below(inside: bytes, folder: bytes) -> bool:
    return not folder or inside == folder or inside.startswith(folder + b"/")
