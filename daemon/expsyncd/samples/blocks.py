"""Blocks: rendered frames on disk, found by what they were made of. May be deleted at any time.

A file is one line of JSON and the bytes of the frame; it appears by rename, so a kill leaves no half one.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.samples.frame import Frame
    from expsyncd.samples.look import Look

VERSION = 1  # of the pixels: another one makes all blocks anew
HEAD_MOST = 512
THUMB = "thumb"  # the kind of small forms, for pages that show many series at once
USED_AFTER_S = 86_400.0  # a use is noted once a day: what was not used for longest goes first
LOOK_EVERY = 500  # blocks put, between two looks at the size of all


@dataclass(frozen=True)
class Block:
    """A frame in a file: `length` bytes at `offset`; `digest` of the pictures' bytes; `size` in pixels."""

    path: Path
    offset: int
    length: int
    size: tuple[int, int]
    digest: str


def key_of(frame: Frame, look: Look, canvas: tuple[int, int], kind: str) -> str:
    """The name of its block: the same pictures, label and look are the same frame."""
    made_of = hashlib.sha256()
    for picture in frame.pictures:
        words = (picture.path, picture.size, picture.mtime_ns, picture.member, picture.index, picture.offset)
        made_of.update(repr(words).encode())
    label = frame.label if look.labels else ""
    made_of.update(repr((VERSION, kind, label, frame.panels, canvas, look.of_pixels)).encode())
    return made_of.hexdigest()[:40]


class Blocks:
    """In `folder`, at most about `limit` bytes."""

    def __init__(self, folder: Path, limit: int) -> None:
        self._folder = folder
        self._limit = limit
        self._put = 0

    def find(self, key: str) -> Block | None:
        """The block of that key; a damaged one is none."""
        path = self._folder / key[:2] / key
        try:
            with path.open("rb") as file:
                head = file.readline(HEAD_MOST)
                length = os.fstat(file.fileno()).st_size - len(head)
                if time.time() - os.fstat(file.fileno()).st_mtime > USED_AFTER_S:
                    with suppress(OSError):
                        os.utime(path)
            words = json.loads(head)
            if length <= 0 or words["length"] != length:
                return None
            width, height = words["size"]
            return Block(path, len(head), length, (int(width), int(height)), str(words["digest"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def put(self, key: str, data: bytes, size: tuple[int, int], digest: str) -> Block:
        """Keep a frame. Raises OSError."""
        path = self._folder / key[:2] / key
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = json.dumps({"size": size, "digest": digest, "length": len(data)}).encode() + b"\n"
        temporary = path.with_name(f".{key}.{os.getpid()}")
        with temporary.open("wb") as file:
            file.write(head)
            file.write(data)
        temporary.replace(path)
        self._put += 1
        if self._put % LOOK_EVERY == 0:
            self.shrink()
        return Block(path, len(head), len(data), size, digest)

    def shrink(self) -> None:
        """Remove what was not used for longest until the limit holds with some room."""
        found = []
        total = 0
        for folder in self._subfolders():
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in entries:
                    with suppress(OSError):
                        seen = entry.stat(follow_symlinks=False)
                        found.append((seen.st_mtime, seen.st_size, entry.path))
                        total += seen.st_size
        if total <= self._limit:
            return
        for _, size, path in sorted(found):
            with suppress(OSError):
                os.unlink(path)
                total -= size
            if total <= self._limit * 0.9:
                return

    def _subfolders(self) -> list[str]:
        try:
            with os.scandir(self._folder) as entries:
                return [entry.path for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return []
