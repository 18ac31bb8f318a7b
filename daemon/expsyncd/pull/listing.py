r"""What an rsync dry-run says differs, from its output. Pure.

Line format `%i|%l|%n` of rsync(1) with its escapes `\\#ooo` for bytes that are not printable ASCII
(LC_ALL=C). Names are bytes and relative to the source.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.pull.kinds import is_append_only

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

FORMAT = "%i|%l|%n"
# So many files are planned at a time, and as many more that only grow: the first pull of a million would take
# a gigabyte of memory, and nobody would be answered while it is planned. What is beyond waits in a Rest.
MOST_ITEMS = 10_000
PATH_MAX = 4096  # of Linux, its NUL counted; what is longer no call here takes
# Nobody's runs lie so deep, and what goes through a tree folder by folder (shutil, os.walk) ends at 1000.
DEEPEST = 200
TOO_LONG = "its path is too long for this machine"
UNASKABLE = "rsync cannot be asked for a name in which a backslash stands before a bracket, * or ?"
_ESCAPE = re.compile(rb"\\#([0-7]{3})")
_IRREGULAR = re.compile(rb'^skipping non-regular file "(.*)"$')
_COUNT = re.compile(rb"^Number of files: ([0-9,.]+)(?: \((.*)\))?$")
_REGULAR = re.compile(rb"reg: ([0-9,.]+)")


@dataclass(frozen=True, slots=True)
class Item:
    """A regular file on the host that differs from the mirror; `size` in bytes as listed."""

    path: bytes
    size: int
    new: bool
    same_size: bool


@dataclass
class Listing:
    """All that a listing said. `files` counts regular files on the host, None if it did not say.

    `refused`: paths that cannot be here, with the reason. `gone_known`: what left the host was asked for.
    `more` files differ beyond the `most` that are listed; another round is to come for them. `beyond` gets
    each of them.
    """

    items: list[Item] = field(default_factory=list)
    folders: list[bytes] = field(default_factory=list)
    gone: list[bytes] = field(default_factory=list)
    irregular: list[bytes] = field(default_factory=list)
    entries: int | None = None
    files: int | None = None
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    gone_known: bool = False
    most: int | None = None
    more: int = 0
    more_bytes: int = 0
    beyond: Callable[[Item], None] | None = None


def unescape(name: bytes) -> bytes:
    """The bytes that rsync escaped. A literal backslash before `#ooo` is itself escaped, so this is exact."""
    if b"\\#" not in name:
        return name
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 8) & 0xFF]), name)


def escapes_above(path: bytes) -> bool:
    """Whether a listed name points outside the source; a hostile far side could send one."""
    return path.startswith(b"/") or b".." in path.split(b"/")


def _number(text: bytes) -> int:
    return int(re.sub(rb"[,.]", b"", text))


def read(lines: Iterable[bytes]) -> Listing:
    """Read a dry-run's stdout. Lines of other kinds are passed over; nothing is raised."""
    listing = Listing()
    for line in lines:
        add_line(listing, line)
    return listing


def too_deep(path: bytes) -> bool:
    """Whether a path has more folders than may be here."""
    return path.count(b"/") > DEEPEST


def refuse_impossible(listing: Listing, longest: int, unaskable: Callable[[bytes], bool]) -> None:
    """Move files that cannot be here to `refused`: of more than `longest` bytes or too many folders.

    `unaskable`: names that the carrier cannot ask for.
    """
    fit: list[Item] = []
    for item in listing.items:
        if len(item.path) > longest or too_deep(item.path):
            listing.refused.append((item.path, TOO_LONG))
        elif unaskable(item.path):
            listing.refused.append((item.path, UNASKABLE))
        else:
            fit.append(item)
    listing.items = fit


def add_line(listing: Listing, line: bytes) -> None:
    """Add what one line of output says."""
    code, _, rest = line.partition(b"|")
    size_text, found, name = rest.partition(b"|")
    if not found or len(code) != len(b"YXcstpoguax") or not size_text.isdigit():
        _add_other(listing, line)
        return
    path = unescape(name)
    if escapes_above(path) or path in (b"", b"./"):
        return
    if code.startswith(b"*deleting"):
        listing.gone.append(path)
    elif code[1:2] == b"d":
        if code[:1] == b"c":
            listing.folders.append(path.rstrip(b"/"))
    elif code[1:2] == b"f" and code[:1] in b"><c":
        # YXcstpoguax: `+` means new; position 3 is `s` when the sizes differ.
        _add_item(listing, Item(path, int(size_text), new=code[2:3] == b"+", same_size=code[3:4] != b"s"))
    elif code[1:2] == b"f" and code[4:5] in b"tT":
        # Only the time differs in rsync's eyes (it happens with --size-only).
        _add_item(listing, Item(path, int(size_text), new=False, same_size=True))


def _add_item(listing: Listing, item: Item) -> None:
    most = listing.most
    if most is None or len(listing.items) < (2 * most if is_append_only(item.path) else most):
        listing.items.append(item)
    else:
        listing.more += 1
        listing.more_bytes += item.size
        if listing.beyond is not None:
            listing.beyond(item)


def _add_other(listing: Listing, line: bytes) -> None:
    if found := _IRREGULAR.match(line):
        listing.irregular.append(unescape(found[1]))
    elif found := _COUNT.match(line):
        listing.entries = _number(found[1])
        regular = _REGULAR.search(found[2] or b"")
        listing.files = _number(regular[1]) if regular else 0
