"""An sftp conversation without ssh: a folder of this machine answers, as faithfully or as hostilely as asked."""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expsyncd.ssh.packets import Attributes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass
class Answer:
    """What a question will be answered with, once it is looked at."""

    make: Callable[[], Any]


@dataclass
class FakeWire:
    """`at_most`: bytes that one read gives; `entries_of`: names a hostile host invents for a folder;
    `before_read`: called with path and offset before each read; `asked`: every question in order."""

    longest_read: int = 32 << 10
    at_most: int = 1 << 30
    too_much: bytes = b""
    batch: int = 100
    entries_of: Callable[[bytes], list[tuple[bytes, Attributes]] | None] = lambda _folder: None
    before_read: Callable[[bytes, int], None] = lambda _path, _offset: None
    asked: list[tuple[Any, ...]] = field(default_factory=list)
    open_handles: set[bytes] = field(default_factory=set)
    most_at_once: int = 0

    def open(self, path: bytes) -> Answer:
        return self._answer(lambda: self._opened(path, b"file"), "open", path)

    def read(self, handle: bytes, offset: int, length: int) -> Answer:
        def make() -> bytes:
            path = handle.partition(b":")[2]
            self.before_read(path, offset)
            with open(path, "rb") as file:
                file.seek(offset)
                content = file.read(min(length, self.at_most))
            return content + self.too_much if content else content

        return self._answer(make, "read", handle.partition(b":")[2], offset, length)

    def open_folder(self, path: bytes) -> Answer:
        return self._answer(lambda: self._opened(path, b"folder"), "open_folder", path)

    def entries(self, handle: bytes) -> Answer:
        def make() -> list[tuple[bytes, Attributes]]:
            waiting = self._listed[handle]
            return [waiting.popleft() for _ in range(min(self.batch, len(waiting)))]

        return self._answer(make, "entries", handle.partition(b":")[2])

    def look(self, path: bytes) -> Answer:
        return self._answer(lambda: attributes(path), "look", path)

    def shut(self, handle: bytes) -> Answer:
        self.open_handles.discard(handle)
        return Answer(lambda: None)

    def run(self, jobs: Iterator[Any], at_once: int) -> None:
        """In turns, so that jobs mix as they do on a line."""
        self.most_at_once = max(self.most_at_once, at_once)
        active: deque[tuple[Any, Any]] = deque()
        try:
            while True:
                while len(active) < at_once and (job := next(jobs, None)) is not None:
                    active.append((job, None))
                if not active:
                    return
                job, value = active.popleft()
                try:
                    answer = job.throw(value) if isinstance(value, OSError) else job.send(value)
                except StopIteration:
                    continue
                try:
                    active.append((job, answer.make()))
                except OSError as error:
                    active.append((job, error))
        finally:
            for job, _ in active:
                job.close()

    def __post_init__(self) -> None:
        self._listed: dict[bytes, deque[tuple[bytes, Attributes]]] = {}
        self._number = 0

    def _answer(self, make: Callable[[], Any], *words: Any) -> Answer:
        self.asked.append(words)
        return Answer(make)

    def _opened(self, path: bytes, kind: bytes) -> bytes:
        self._number += 1
        handle = b"%s%d:%s" % (kind, self._number, path)
        if kind == b"folder":
            listed = self.entries_of(path)
            if listed is None:
                listed = [(name, attributes(path + b"/" + name)) for name in os.listdir(path)]
            self._listed[handle] = deque(listed)
        else:
            os.close(os.open(path, os.O_RDONLY))
        self.open_handles.add(handle)
        return handle


def attributes(path: bytes) -> Attributes:
    found = os.lstat(path)
    return Attributes(found.st_size, found.st_mode, int(found.st_mtime) % (1 << 32))
