"""Every file below a folder of a host, over sftp: many folders at once, no link followed. Blocking."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from expsyncd.pull.listing import TOO_LONG, too_deep

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from expsyncd.pull.patterns import Filter

    Job = Generator[Any, Any, None]

FOLDERS_AT_ONCE = 32
# A folder whose first answer is full has many: then so many answers are asked for ahead.
AHEAD = 8
FULL = 50
LONGEST_NAME = 255
LONGEST_PATH = 3000  # PATH_MAX less any root
NO_NAME = "a name that no file can have"
TWICE = "listed twice by the host"
UNKNOWN_KIND = "the host does not say what it is"


class Entry(Protocol):
    """What the host says of one name."""

    @property
    def size(self) -> int | None:
        """Bytes."""
        ...

    @property
    def mode(self) -> int | None:
        """Kind and permissions."""
        ...

    @property
    def mtime(self) -> int | None:
        """Unix seconds modulo 2**32."""
        ...

    @property
    def is_file(self) -> bool:
        """A regular file."""
        ...

    @property
    def is_folder(self) -> bool:
        """A folder, no link to one."""
        ...


class Wire(Protocol):
    """The part of an sftp conversation that pulls use; each question is answered when a job yields it."""

    longest_read: int

    def open(self, path: bytes) -> Any:
        """A handle for reading."""
        ...

    def read(self, handle: bytes, offset: int, length: int) -> Any:
        """Bytes, empty at the end."""
        ...

    def open_folder(self, path: bytes) -> Any:
        """A handle for `entries`."""
        ...

    def entries(self, handle: bytes) -> Any:
        """The next [(name, Entry)], empty at the end."""
        ...

    def look(self, path: bytes) -> Any:
        """The Entry of a path."""
        ...

    def shut(self, handle: bytes) -> Any:
        """Let a handle go."""
        ...

    def run(self, jobs: Iterator[Job], at_once: int) -> None:
        """Drive jobs to their ends."""
        ...


@dataclass(frozen=True, slots=True)
class There:
    """A regular file on the host: bytes, and Unix seconds modulo 2**32."""

    size: int
    mtime: int


@dataclass
class Tree:
    """What is below a folder. `unread`: folders that could not be listed, and why."""

    files: dict[bytes, There] = field(default_factory=dict)
    folders: list[bytes] = field(default_factory=list)
    irregular: list[bytes] = field(default_factory=list)
    refused: list[tuple[bytes, str]] = field(default_factory=list)
    unread: dict[bytes, OSError] = field(default_factory=dict)
    entries: int = 1


def walk(wire: Wire, start: bytes, taken: Filter, most: int) -> Tree:
    """All that `taken` takes below `start`; it stops soon after `most` entries.

    Names come from the host and are not believed: what is not one component is refused.
    """
    walker = _Walker(wire, start, taken, most)
    wire.run(walker, FOLDERS_AT_ONCE)
    return walker.tree


class _Walker:
    """Gives out a job a folder; folders found meanwhile follow."""

    def __init__(self, wire: Wire, start: bytes, taken: Filter, most: int) -> None:
        self.tree = Tree()
        self._wire = wire
        self._start = start
        self._taken = taken
        self._most = most
        self._waiting = deque([b""])

    def __iter__(self) -> Iterator[Job]:
        return self

    def __next__(self) -> Job:
        if not self._waiting or self.tree.entries > self._most:
            raise StopIteration
        return self._folder(self._waiting.popleft())

    def _folder(self, inside: bytes) -> Job:
        try:
            handle = yield self._wire.open_folder(self._there(inside))
        except OSError as error:
            self.tree.unread[inside] = error
            return
        seen: set[bytes] = set()
        asked = deque([self._wire.entries(handle)])
        try:
            while asked and self.tree.entries <= self._most:
                found = yield asked.popleft()
                if not found:
                    break
                ahead = AHEAD if len(found) >= FULL else 1
                while len(asked) < ahead:
                    asked.append(self._wire.entries(handle))
                for name, what in found:
                    yield from self._entry(inside, name, what, seen)
        except OSError as error:
            self.tree.unread[inside] = error
        finally:
            self._wire.shut(handle)

    def _entry(self, inside: bytes, name: bytes, what: Entry, seen: set[bytes]) -> Job:
        if name in (b".", b".."):
            return
        path = inside + b"/" + name if inside else name
        if reason := _impossible(name, path, seen):
            self.tree.refused.append((path[:LONGEST_PATH], reason))
            self.tree.entries += 1
            return
        seen.add(name)
        if what.mode is None:
            try:
                what = yield self._wire.look(self._there(path))
            except OSError:
                return  # gone meanwhile
        if not self._taken.takes(path, folder=what.is_folder):
            return
        self.tree.entries += 1
        if what.is_folder:
            self.tree.folders.append(path)
            self._waiting.append(path)
        elif what.is_file and what.size is not None:
            self.tree.files[path] = There(what.size, what.mtime or 0)
        elif what.mode is None:
            self.tree.refused.append((path, UNKNOWN_KIND))
        else:
            self.tree.irregular.append(path)

    def _there(self, inside: bytes) -> bytes:
        return joined(self._start, inside)


def joined(start: bytes, inside: bytes) -> bytes:
    """The path on the host; relative ones begin where the login does."""
    if not inside or not start:
        return start or inside
    return start + inside if start.endswith(b"/") else start + b"/" + inside


def start_of(path: str) -> bytes:
    """A source's path for sftp, which has no `~` but begins there."""
    place = path.removeprefix("~/") if path != "~" else ""
    return place.encode("utf-8", "surrogateescape") or b"."


def _impossible(name: bytes, path: bytes, seen: set[bytes]) -> str:
    if not name or b"/" in name or b"\0" in name:
        return NO_NAME
    if len(name) > LONGEST_NAME or len(path) > LONGEST_PATH or too_deep(path):
        return TOO_LONG
    return TWICE if name in seen else ""
