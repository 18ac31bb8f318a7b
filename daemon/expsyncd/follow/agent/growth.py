"""From changed files to frames: new bytes of what only grows, names of the rest. On the host: Python 3.6."""

import errno
import hashlib
import os
import stat
import time
from collections import OrderedDict
from typing import Dict, Iterator, Tuple

from expsyncd.follow.agent.stream import Outbox, text
from expsyncd.follow.agent.tree import Tree

Key = Tuple[Tree, bytes]

BEFORE = 64 << 10  # so many bytes before a chunk are digested with it
PIECE = 256 << 10
# More than this at once is a pull's work: rsync compresses and keeps to limits.
MOST_GROWTH = 8 << 20
MOST_FILES = 50000  # of so many files is remembered what was sent
WHOLE_LIMIT = 64 << 20  # as in pull.digest: beyond it the first and the last piece speak for a file
END = 1 << 20
SETTLED_S = 1.0  # a file that was closed is compared as a whole when it rests, or
AT_MOST_S = 10.0  # so long after the first close


class Sent:
    """What our end was told of a file. `sure`: all of its beginning was compared, unless rewritten since."""

    __slots__ = ("inode", "mtime", "size", "sure")

    def __init__(self, inode: int, size: int, mtime: int, sure: bool = False) -> None:
        self.inode = inode
        self.size = size
        self.mtime = mtime
        self.sure = sure


class Growth:
    """Knows what was sent of which file. Our end says where it is (`resume`), or that it wants none of it."""

    def __init__(self, out: Outbox) -> None:
        self._out = out
        self._sent: "OrderedDict[Key, Sent]" = OrderedDict()
        self._unwanted: "OrderedDict[Key, int]" = OrderedDict()  # by the size that was too large
        self._paced: Dict[Tree, float] = {}
        self.unchecked: Dict[Key, Tuple[float, float]] = {}

    def resume(self, key: Key, size: int) -> None:
        """Our end has `size` bytes of a file."""
        known = self._sent.get(key)
        self._remember(key, Sent(known.inode if known else 0, size, 0))

    def left(self, key: Key) -> None:
        """A file left its place: what comes there is new, even if it is the same."""
        self._sent.pop(key, None)
        self._unwanted.pop(key, None)

    def refuse(self, key: Key, size: int) -> None:
        """Our end wants no bytes of a file while it has `size` bytes or more."""
        self._unwanted[key] = size
        self._sent.pop(key, None)
        if len(self._unwanted) > MOST_FILES:
            self._unwanted.popitem(last=False)

    def forget(self, tree: Tree) -> None:
        """What was known of a source is void."""
        for key in [key for key in self._sent if key[0] is tree]:
            del self._sent[key]
        for key in [key for key in self._unwanted if key[0] is tree]:
            del self._unwanted[key]
        for key in [key for key in self.unchecked if key[0] is tree]:
            del self.unchecked[key]

    def wait_s(self, tree: Tree, now: float) -> float:
        """How long the source's limit forbids to send."""
        return self._paced.get(tree, now) - now

    def send(self, key: Key, live: bool) -> bool:
        """Tell our end what is new of one file. True when there is more to send.

        `live`: it was just written, so that its time tells how long the way took.
        """
        tree, inside = key
        if not tree.rules.grows(inside):
            self._name(key)
            return False
        try:
            fd = os.open(tree.path(inside), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            self._sent.pop(key, None)
            if error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO):
                self._put_name(key, 0)
            return False
        try:
            return self._send_open(key, fd, live)
        except OSError:
            self._put_name(key, 0)
            return False
        finally:
            os.close(fd)

    def _send_open(self, key: Key, fd: int, live: bool) -> bool:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            return False
        if found.st_size >= self._unwanted.get(key, found.st_size + 1):
            return False
        self._unwanted.pop(key, None)
        known = self._sent.get(key)
        if known is None:
            # Where our end is, it says when the place does not fit; of a small file all may be new.
            known = Sent(found.st_ino, 0 if found.st_size <= PIECE else found.st_size, 0)
        elif known.inode not in (0, found.st_ino) or found.st_size < known.size:
            return self._pull_it(key, found.st_size)
        elif found.st_size == known.size:
            if known.mtime not in (0, found.st_mtime_ns):
                return self._pull_it(key, found.st_size)
            if known.mtime:
                return False
        if found.st_size - known.size > MOST_GROWTH:
            return self._pull_it(key, found.st_size)
        end = min(found.st_size, known.size + PIECE)
        whole = not known.sure and known.size <= WHOLE_LIMIT
        start = 0 if whole else max(0, known.size - BEFORE)
        # What is new is read first: whatever was written before that shows in the digest.
        content = _read(fd, known.size, end - known.size)
        digest, length = hashlib.sha256(), 0
        for place in range(start, known.size, END):
            piece = _read(fd, place, min(END, known.size - place))
            digest.update(piece)
            length += len(piece)
        again = os.fstat(fd)
        if len(content) < end - known.size or length < known.size - start or again.st_size < found.st_size:
            return True  # it shrinks while it is read: look again
        self._out.put(
            {
                "t": "chunk",
                "s": key[0].number,
                "p": text(key[1]),
                "o": known.size,
                "d": digest.hexdigest(),
                "b": length,
                "i": found.st_ino,
                "m": found.st_mtime_ns,
                "z": found.st_size,
                "l": live and end == found.st_size,
            },
            content,
        )
        if key[0].rate:
            now = time.monotonic()
            self._paced[key[0]] = max(now, self._paced.get(key[0], now)) + (end - known.size) / key[0].rate
        sure = whole or known.sure
        self._remember(key, Sent(found.st_ino, end, found.st_mtime_ns if end == found.st_size else 0, sure))
        return end < found.st_size

    def closed(self, key: Key) -> None:
        """A writer closed a growing file and may have written anywhere in it: compared once it rests."""
        known = self._sent.get(key)
        if known is not None and key[0].rules.events(key[1]):
            # Not even for a moment may an event file hold bytes of two states. Its writer keeps it open, so
            # this is rare; those of other files open and close theirs for every line.
            known.sure = False
        now = time.monotonic()
        first = self.unchecked.get(key, (now, now))[0]
        self.unchecked[key] = (first, now)
        if len(self.unchecked) > MOST_FILES:
            self.unchecked.clear()

    def due_checks(self, now: float) -> Iterator[Key]:
        """Files that rest, or did not for long."""
        for key, (first, last) in list(self.unchecked.items()):
            if now - last >= SETTLED_S or now - first >= AT_MOST_S:
                del self.unchecked[key]
                if key in self._sent:
                    yield key

    def check(self, key: Key) -> Iterator[None]:
        """Digest all of a file that was sent, a piece at each step, and tell our end."""
        tree, inside = key
        try:
            fd = os.open(tree.path(inside), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return
        try:
            before = os.fstat(fd)
            known = self._sent.get(key)
            if (
                known is None
                or (known.inode, known.size) != (before.st_ino, before.st_size)
                or not before.st_size
            ):
                if known is not None:
                    known.sure = False  # more is to be sent, and the whole is compared with that
                return
            pieces = [(0, before.st_size)]
            if before.st_size > WHOLE_LIMIT:
                pieces = [(0, END), (before.st_size - END, END)]
            digest = hashlib.sha256()
            for start, length in pieces:
                for place in range(start, start + length, END):
                    digest.update(_read(fd, place, min(END, start + length - place)))
                    yield
            after = os.fstat(fd)
        except OSError:
            return
        finally:
            os.close(fd)
        if (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns):
            self._out.put(
                {
                    "t": "check",
                    "s": tree.number,
                    "p": text(inside),
                    "z": before.st_size,
                    "d": digest.hexdigest(),
                }
            )
        elif key in self._sent:
            self._sent[key].sure = False  # as above

    def _pull_it(self, key: Key, size: int) -> bool:
        self._sent.pop(key, None)
        self._put_name(key, size)
        return False

    def _name(self, key: Key) -> None:
        try:
            found = os.lstat(key[0].path(key[1]))
        except OSError:
            return
        if stat.S_ISREG(found.st_mode):
            known = self._sent.get(key)
            told = (found.st_ino, found.st_size, found.st_mtime_ns)
            if known is not None and (known.inode, known.size, known.mtime) == told:
                return
            self._remember(key, Sent(*told))
            self._put_name(key, found.st_size)

    def _put_name(self, key: Key, size: int) -> None:
        self._out.put({"t": "name", "s": key[0].number, "p": text(key[1]), "z": size})

    def _remember(self, key: Key, sent: Sent) -> None:
        self._sent[key] = sent
        self._sent.move_to_end(key)
        if len(self._sent) > MOST_FILES:
            self._sent.popitem(last=False)


def _read(fd: int, start: int, length: int) -> bytes:
    content = b""
    while len(content) < length:
        more = os.pread(fd, length - len(content), start + len(content))
        if not more:
            break
        content += more
    return content
