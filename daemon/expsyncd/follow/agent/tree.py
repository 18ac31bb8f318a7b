"""The folders of one source: watched, or looked at again where inotify is blind. On the host: Python 3.6."""

import os
import stat
import time
from typing import Callable, Dict, Iterator, List, Optional, Set, Tuple

from expsyncd.follow.agent import disks, inotify
from expsyncd.follow.agent.rules import Rules

# Where looking is all there is, hot folders are looked at this often, or at the interval if that is shorter,
# and everything at the interval, but for no more than a twentieth of the time.
HOT_EVERY_S = 10.0
COLD_SHARE = 20
HOT_S = 1800.0  # a folder where something changed within is looked at often
MOST_HOT = 500
# Times of files are compared with the newest one seen; file systems with whole seconds need a margin.
SAME_TICK_NS = 2000000000

Changed = Callable[["Tree", bytes, bool], None]


class Watches:
    """All watches of the agent; one watch may stand for a folder in more than one source."""

    def __init__(self, notify: Optional[inotify.Inotify], reason: str = "") -> None:
        self.notify = notify
        self.reason = reason
        self._places: Dict[int, List[Tuple["Tree", bytes]]] = {}

    def add(self, tree: "Tree", inside: bytes) -> int:
        """Watch a folder of a source; its number. Raises OSError."""
        assert self.notify is not None
        number = self.notify.add(tree.path(inside), not inside)
        places = self._places.setdefault(number, [])
        if (tree, inside) not in places:
            places.append((tree, inside))
        return number

    def places(self, number: int) -> List[Tuple["Tree", bytes]]:
        """Where a watch stands."""
        return list(self._places.get(number, ()))

    def remove(self, number: int, tree: "Tree", inside: bytes) -> None:
        """A folder of a source needs its watch no more."""
        places = self._places.get(number, [])
        if (tree, inside) in places:
            places.remove((tree, inside))
        if not places and self._places.pop(number, None) is not None and self.notify is not None:
            self.notify.remove(number)

    def unread(self) -> bool:
        """Whether events wait that were not read."""
        return self.notify is not None and self.notify.more

    def gone(self, number: int) -> List[Tuple["Tree", bytes]]:
        """The kernel ended a watch."""
        return self._places.pop(number, [])


class Tree:
    """One source. Its generators do a little at each step, so that nothing else has to wait for them.

    `starts` counts how often all of it was taken in; `limited`: the watches did not suffice or do not see
    all, so it has to be taken in anew, by looking.
    """

    def __init__(
        self,
        number: int,
        asked: str,
        rules: Rules,
        every_s: float,
        rate: float,
        watches: Watches,
        changed: Changed,
    ) -> None:
        """`every_s`: the source's interval, for looking where inotify does not see.

        `rate`: how many bytes a second may be sent, 0 for any.
        """
        self.number = number
        self.rate = rate
        self.rules = rules
        self.every_s = every_s
        self.mode = "starting"
        self.reason = ""
        self.folders: Dict[bytes, int] = {}
        self.looked_at = 0.0  # when the last look at all of it began
        self._inner: Dict[bytes, Set[bytes]] = {}
        self.hot_due = self.cold_due = 0.0
        self._asked = asked.encode("utf-8", "surrogateescape")
        self._top = b""
        self._identity = (0, 0)
        self._watches = watches
        self._changed = changed
        self.starts = 0
        self.started_at = 0.0
        self.limited = False
        self._watching = self._looks = False
        self._limit = self._unseen = ""
        self._disks: Set[int] = set()
        self._newest: Dict[bytes, Tuple[int, int, int]] = {}  # time, files, a sum that any change alters
        self._hot: Dict[bytes, float] = {}

    def path(self, inside: bytes) -> bytes:
        """The absolute path of what lies in the source."""
        return self._top + b"/" + inside if inside else self._top

    def watched(self) -> int:
        """How many folders have a watch."""
        return sum(1 for number in self.folders.values() if number)

    def there(self) -> bool:
        """Whether the source is the folder that was looked at; a link to it may lead elsewhere now."""
        try:
            found = [os.stat(path) for path in (self._top, os.path.expanduser(self._asked))]
        except OSError:
            return False
        return all((each.st_dev, each.st_ino) == self._identity for each in found)

    def start(self) -> Iterator[None]:
        """Watch or look at all of it for the first time."""
        self.left(b"")
        self.limited = False
        self._top = os.path.realpath(os.path.expanduser(self._asked)).rstrip(b"/") or b"/."
        try:
            found = os.stat(self._top)
            if not stat.S_ISDIR(found.st_mode):
                raise NotADirectoryError(20, "it is no folder")
        except OSError as error:
            self.mode, self.reason = "missing", "the folder is not there: {}".format(error.strerror)
            return
        self._identity = (found.st_dev, found.st_ino)
        self._disks.clear()
        self._unseen = self._look_at_disk(b"") or self._unseen
        why = self._limit or self._watches.reason
        self._watching = not why
        why = self._unseen or why
        self._looks = bool(why)
        self.mode, self.reason = "starting", ""
        began = time.monotonic()
        for _ in self.walk(b"", fresh=False):
            if self.limited:
                return
            yield
        self.mode, self.reason = ("rescanning", why) if why else ("following", "")
        self.starts += 1
        self._looked(began, cold=True)

    def _look_at_disk(self, inside: bytes) -> str:
        """Why inotify does not see everything in a folder, "" where it does; one look for each disk."""
        try:
            disk = os.stat(self.path(inside)).st_dev
        except OSError:
            return ""
        kind = "" if disk in self._disks else disks.remote_kind(self.path(inside))
        self._disks.add(disk)
        return "{} does not tell what other machines write".format(kind) if kind else ""

    def walk(self, top: bytes, fresh: bool) -> Iterator[None]:
        """Take a folder and all below it. `fresh`: it came to be here, so what is in it has changed."""
        waiting = [top]
        while waiting:
            inside = waiting.pop()
            self._watch(inside)  # before it is read: what comes in between is told twice, never missed
            waiting += self._read(inside, fresh)
            yield

    def look_again(self, cold: bool) -> Iterator[None]:
        """Find what changed in folders where something happens, or in all."""
        began = time.monotonic()
        for inside in list(self.folders) if cold else self._hottest():
            if inside in self.folders:
                for new in self._read(inside, fresh=False):
                    if new not in self.folders:
                        for _ in self.walk(new, fresh=True):
                            yield
            yield
        self._looked(began, cold)

    def left(self, inside: bytes) -> None:
        """A folder and all below it moved away; b"" is all of it."""
        waiting = [inside]
        while waiting:
            each = waiting.pop()
            waiting += self._inner.get(each, ())
            self.forget(each)

    def forget(self, inside: bytes) -> None:
        """A folder is no more."""
        self._inner.pop(inside, None)
        above = inside.rpartition(b"/")[0]
        if inside and above in self._inner:
            self._inner[above].discard(inside)
        number = self.folders.pop(inside, 0)
        if number:
            self._watches.remove(number, self, inside)
        self._newest.pop(inside, None)
        self._hot.pop(inside, None)

    def warm(self, inside: bytes) -> None:
        """Something happened in a folder: it and those above it are looked at often for a while."""
        now = time.monotonic()
        while True:
            self._hot[inside] = now
            if not inside:
                return
            inside = inside.rpartition(b"/")[0]

    def _looked(self, began: float, cold: bool) -> None:
        now = time.monotonic()
        self.hot_due = now + min(self.every_s, HOT_EVERY_S)
        if cold:
            self.looked_at = began
            self.cold_due = now + max(self.every_s, COLD_SHARE * (now - began))

    def _hottest(self) -> List[bytes]:
        now = time.monotonic()
        self._hot = {inside: at for inside, at in self._hot.items() if now - at < HOT_S}
        return sorted(self._hot, key=lambda inside: -self._hot[inside])[:MOST_HOT]

    def _watch(self, inside: bytes) -> None:
        number = 0
        if self._watching:
            try:
                number = self._watches.add(self, inside)
            except OSError as error:
                if error.errno in (2, 20, 40, 13):  # gone, no folder, a link, not ours to read
                    if error.errno != 13:
                        return
                else:
                    self._give_watches_back(inotify.why_not(error))
        if not self._looks:
            self._unseen = self._unseen or self._look_at_disk(inside)  # a disk may be mounted below
            self.limited = self.limited or bool(self._unseen)
        self.folders[inside] = number
        if inside:
            self._inner.setdefault(inside.rpartition(b"/")[0], set()).add(inside)

    def _give_watches_back(self, why: str) -> None:
        """The limit counts for all programs of the person: what does not suffice is better not taken."""
        self._watching, self._limit, self.limited = False, why, True
        for inside, number in list(self.folders.items()):
            if number:
                self._watches.remove(number, self, inside)
                self.folders[inside] = 0

    def _read(self, inside: bytes, fresh: bool) -> List[bytes]:
        """Look at one folder; the folders in it. What changed since the last look is told."""
        known = self._newest.get(inside)
        newest, count, marks, below = 0, 0, 0, []
        looks = self._looks
        try:
            with os.scandir(self.path(inside)) as entries:
                for entry in entries:
                    path = inside + b"/" + entry.name if inside else entry.name
                    if entry.is_dir(follow_symlinks=False):
                        if self.rules.takes(path, True):
                            below.append(path)
                    elif entry.is_file(follow_symlinks=False) and (fresh or looks):
                        found = entry.stat(follow_symlinks=False)
                        newest, count = max(newest, found.st_ctime_ns), count + 1
                        marks ^= hash((entry.name, found.st_ctime_ns, found.st_size))
                        if fresh or (known and found.st_ctime_ns > known[0] - SAME_TICK_NS):
                            if known is None or found.st_ctime_ns > known[0]:
                                self.warm(inside)
                            if self.rules.takes(path, False):
                                self._changed(self, path, True)
        except OSError:
            return below
        if looks:
            self._newest[inside] = (max(newest, known[0] if known else 0), count, marks)
            if known is None:
                if time.time() - newest / 1e9 < HOT_S:
                    self.warm(inside)
            elif not fresh and newest <= known[0] and count >= known[1] and marks != known[2]:
                # Something changed in a time that is not new: a clock was set back, or another's lags.
                return self._read(inside, fresh=True)
        return below
