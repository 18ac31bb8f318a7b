"""What people and their training do to files on the host, one deed a function, each chosen by its own chance."""

from __future__ import annotations

import errno
import os
import shutil
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from faults.guarantees.ledger import Ledger

FOLDERS = (b"", b"run1/", b"run2/deep/", b"odd \n dir/", b"-dash/")
NAMES = (
    b"events.out.tfevents.1", b"run1.tfevents.77", b"train.log", b"metrics.csv", b"epoch_3.png", b"last.pt",
    b"new\nline.txt", b"-rf", b"$(touch X)", b"quote'\".csv", b"\xff\xfe.jsonl", b"\x1b[31m.log",
    b".events.tfevents.9.AbCdEf", b" blank ", b"n" * 255, "ünï.out".encode(), b"back\\#012slash.txt",
)  # fmt: skip
SIZES = (0, 1, 80, 5_000, 66_000, 300_000)
A_DAY_NS = 86_400 * 10**9


class Hand:
    """Does deeds in one folder: `chance` decides, `ledger` knows what came of them."""

    def __init__(self, ledger: Ledger, chance: random.Random) -> None:
        self.ledger = ledger
        self.chance = chance
        self.unseen: set[int] = set()  # inodes whose last change only an audit may see (RULING 11)

    def do(self, name: str) -> bool:
        """One deed by its name in DEEDS; False when there was nothing to do it to."""
        try:
            DEEDS[name](self)
        except (FileExistsError, NotADirectoryError, IsADirectoryError, FileNotFoundError):
            return False
        except OSError as error:
            if error.errno != errno.ENOTEMPTY:
                raise
            return False
        finally:
            self.ledger.look()
        return True

    def open_all(self) -> None:
        """Whoever closed a file lets it be read again."""
        for path in self.ledger.closed():
            os.chmod(self.full(path), 0o644)
        self.ledger.look()

    def full(self, path: bytes) -> bytes:
        return self.ledger.folder + b"/" + path

    def fresh(self) -> bytes:
        return self.chance.randbytes(self.chance.choice(SIZES))

    def some_place(self) -> bytes:
        path = self.chance.choice(FOLDERS) + self.chance.choice(NAMES)
        os.makedirs(os.path.dirname(self.full(path)), exist_ok=True)
        return path

    def some_file(self) -> bytes:
        """A file that is there; event files and logs more often than others."""
        there = sorted(set(self.ledger.now) - self.ledger.closed())
        if not there:
            raise FileNotFoundError
        growing = [path for path in there if b"tfevents" in path or path.endswith((b".log", b".csv"))]
        return self.chance.choice(growing if growing and self.chance.random() < 0.5 else there)

    def some_folder(self) -> bytes:
        there = sorted(path for path in self.ledger.entries if os.path.isdir(self.full(path)))
        there = [path for path in there if not os.path.islink(self.full(path))]
        if not there:
            raise FileNotFoundError
        return self.chance.choice(there)

    def put(self, path: bytes, content: bytes) -> None:
        """By a temporary name outside the source and a rename."""
        outside = self.ledger.folder + b".new"
        with open(outside, "wb") as file:
            file.write(content)
        os.replace(outside, self.full(path))

    def after(self, old: bytes) -> bytes:
        """What a replaced file may hold: something else, more, less, or nearly the same and longer."""
        kind = self.chance.randrange(5)
        if kind == 0 or not old:
            return self.fresh()
        if kind == 1:
            return old + self.fresh()
        if kind == 2:
            return old[: self.chance.randrange(len(old))]
        at = self.chance.randrange(len(old))
        nearly = old[:at] + bytes([old[at] ^ 1]) + old[at + 1 :]
        return nearly + (self.fresh() if kind == 3 else b"")


def create(hand: Hand) -> None:
    path = hand.some_place()
    content = hand.fresh()
    hand.ledger.saw(path, b"")
    with open(hand.full(path), "xb") as file:
        file.write(content)


def append(hand: Hand) -> None:
    """In any chunking, also into the middle of a record."""
    path = hand.some_file()
    state = hand.ledger.now[path]
    with open(hand.full(path), "ab", buffering=0) as file:
        for _ in range(hand.chance.randint(1, 5)):
            chunk = hand.chance.randbytes(hand.chance.choice((1, 7, 100, 4096, 70_001)))
            state += chunk
            hand.ledger.saw(path, state)
            file.write(chunk)


def overwrite(hand: Hand) -> None:
    """As many bytes, within the same second, in place or by rename."""
    path = hand.some_file()
    old = hand.ledger.now[path]
    new = hand.chance.randbytes(len(old))
    status = os.stat(hand.full(path))
    if hand.chance.random() < 0.5:
        hand.ledger.overwritten(path, old, new)
        with open(hand.full(path), "r+b", buffering=0) as file:
            file.write(new)
    else:
        hand.put(path, new)
    second = status.st_mtime_ns - status.st_mtime_ns % 10**9
    other = (status.st_mtime_ns + 1 + hand.chance.randrange(10**9 - 2)) % 10**9
    if second + other != status.st_mtime_ns:
        os.utime(hand.full(path), ns=(status.st_atime_ns, second + other))


def overwrite_unseen(hand: Hand) -> None:
    """As many bytes, and the time put back to the nanosecond."""
    path = hand.some_file()
    old = hand.ledger.now[path]
    status = os.stat(hand.full(path))
    new = hand.chance.randbytes(len(old))
    hand.ledger.overwritten(path, old, new)
    with open(hand.full(path), "r+b", buffering=0) as file:
        file.write(new)
    os.utime(hand.full(path), ns=(status.st_atime_ns, status.st_mtime_ns))
    hand.unseen.add(status.st_ino)


def truncate(hand: Hand) -> None:
    path = hand.some_file()
    os.truncate(hand.full(path), hand.chance.randrange(len(hand.ledger.now[path]) + 1))


def rewrite(hand: Hand) -> None:
    """To nothing and then anew, as `open(..., "w")` does."""
    path = hand.some_file()
    content = hand.after(hand.ledger.now[path])
    hand.ledger.saw(path, b"")
    with open(hand.full(path), "wb") as file:
        file.write(content)


def replace(hand: Hand) -> None:
    path = hand.some_file()
    hand.put(path, hand.after(hand.ledger.now[path]))


def rename_file(hand: Hand) -> None:
    os.replace(hand.full(hand.some_file()), hand.full(hand.some_place()))


def rename_folder(hand: Hand) -> None:
    old, new = hand.some_folder(), hand.chance.choice(FOLDERS[1:]).rstrip(b"/")
    while os.path.lexists(hand.full(new)):
        new += b"-%d" % hand.chance.randrange(100)
    if not new.startswith(old + b"/"):
        os.makedirs(os.path.dirname(hand.full(new)), exist_ok=True)
        os.rename(hand.full(old), hand.full(new))


def delete(hand: Hand) -> None:
    os.unlink(hand.full(hand.some_file()))


def delete_folder(hand: Hand) -> None:
    shutil.rmtree(hand.full(hand.some_folder()))


def file_to_folder(hand: Hand) -> None:
    path = hand.some_file()
    os.unlink(hand.full(path))
    os.mkdir(hand.full(path))
    if hand.chance.random() < 0.8:
        inside = path + b"/" + hand.chance.choice(NAMES)
        hand.ledger.saw(inside, b"")
        with open(hand.full(inside), "wb") as file:
            file.write(hand.fresh())


def folder_to_file(hand: Hand) -> None:
    path = hand.some_folder()
    shutil.rmtree(hand.full(path))
    hand.ledger.saw(path, b"")
    with open(hand.full(path), "wb") as file:
        file.write(hand.fresh())


def link(hand: Hand) -> None:
    """A file becomes a link, or a link comes: to a file, a folder, nothing, or out of the source."""
    path = hand.some_file() if hand.chance.random() < 0.5 else hand.some_place()
    kind = hand.chance.randrange(4)
    if kind == 3:  # a hard link: two names that grow together
        os.link(hand.full(hand.some_file()), hand.full(path))
        return
    with suppress(FileNotFoundError):
        os.unlink(hand.full(path))
    os.symlink((b"run1", b"/etc/passwd", b"nowhere")[kind], hand.full(path))


def close(hand: Hand) -> None:
    """chmod 000."""
    path = hand.some_file()
    os.chmod(hand.full(path), 0)


def set_time(hand: Hand) -> None:
    """A day back or on, or to a whole second."""
    path = hand.some_file()
    status = os.stat(hand.full(path))
    other = hand.chance.choice((-A_DAY_NS, A_DAY_NS, -(status.st_mtime_ns % 10**9)))
    os.utime(hand.full(path), ns=(status.st_atime_ns, status.st_mtime_ns + other))


DEEDS: dict[str, Callable[[Hand], None]] = {
    "create": create,
    "append": append,
    "overwrite": overwrite,
    "overwrite-unseen": overwrite_unseen,
    "truncate": truncate,
    "rewrite": rewrite,
    "replace": replace,
    "rename-file": rename_file,
    "rename-folder": rename_folder,
    "delete": delete,
    "delete-folder": delete_folder,
    "file-to-folder": file_to_folder,
    "folder-to-file": folder_to_file,
    "link": link,
    "chmod-000": close,
    "mtime": set_time,
}
