"""Animations from encoded frames, written aside and renamed: no reader ever sees half. For the child."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Protocol

from expsyncd.samples import gif

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

    from expsyncd.samples.look import Look

GIF_SUFFIX = "gif"
PIECE = 1 << 20


@dataclass(frozen=True)
class Encoded:
    """Bytes of one frame in a file."""

    path: Path
    offset: int
    length: int


class Encoder(Protocol):
    """One kind of animation."""

    def encode(self, picture: Image.Image, label: str | None) -> tuple[bytes, tuple[int, int]]:
        """One frame's bytes, independent of all others, and its size in pixels."""
        ...

    def put_together(self, out: Path, frames: Sequence[Encoded], size: tuple[int, int], look: Look) -> bool:
        """Write `out`; False when it was as it should be already. Raises OSError."""
        ...


class Gif:
    """See gif.py."""

    def encode(self, picture: Image.Image, label: str | None) -> tuple[bytes, tuple[int, int]]:
        """A block."""
        return gif.block(picture, label)

    def put_together(self, out: Path, frames: Sequence[Encoded], size: tuple[int, int], look: Look) -> bool:
        """Header, blocks, trailer; a comment holds a digest of what it is made of."""
        durations = list(gif.durations(len(frames), look.fps, look.held_s))
        made_of = repr([(frame.path.name, frame.length) for frame in frames]) + repr(durations)
        head = gif.header(size) + gif.comment(hashlib.sha256(made_of.encode()).hexdigest())
        if begins_with(out, head):
            return False
        with Replacing(out) as file:
            file.write(head)
            for frame, centiseconds in zip(frames, durations, strict=True):
                file.write(gif.control(centiseconds))
                append(file, frame)
            file.write(gif.TRAILER)
        return True


def encoder_of(kind: str) -> Encoder:
    """By the file's suffix."""
    if kind == "webp":
        from expsyncd.samples.webp import WebP

        return WebP()
    if kind == "mp4":
        from expsyncd.samples.mp4 import Mp4

        return Mp4()
    return Gif()


def begins_with(path: Path, head: bytes) -> bool:
    """Whether the file that is there begins so."""
    with suppress(OSError), path.open("rb") as file:
        return file.read(len(head)) == head
    return False


class Replacing:
    """`with Replacing(path) as file`: the file takes its place when the block ends well. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._temporary = path.with_name(f".{path.name[:200]}.new")

    def __enter__(self) -> BinaryIO:
        self._file = self._temporary.open("wb")
        return self._file

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            with suppress(OSError):
                self._temporary.unlink()


def append(file: BinaryIO, frame: Encoded) -> None:
    """Copy a frame's bytes, by the kernel where it can."""
    file.flush()
    with frame.path.open("rb") as source:
        offset, left = frame.offset, frame.length
        with suppress(OSError, AttributeError):
            while left:
                sent = os.sendfile(file.fileno(), source.fileno(), offset, left)
                if sent == 0:
                    break
                offset += sent
                left -= sent
        source.seek(offset)
        while left:
            piece = source.read(min(left, PIECE))
            if not piece:
                raise OSError(5, "a frame is shorter than it was", str(frame.path))
            file.write(piece)
            left -= len(piece)
