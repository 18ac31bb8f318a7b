"""Opening what is under the root without following a link, and saying its type by its first bytes only."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from expsyncd.errors import Error

if TYPE_CHECKING:
    from pathlib import Path

HEAD = 16
# What is served, by its first bytes; whatever a name says, there is no other type.
_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
)


class GoneError(Error):
    """There is no such file (any more)."""

    status = 404


def kind_of(head: bytes) -> str | None:
    """The content type of a picture or an animation by its first `HEAD` bytes; None for anything else."""
    for mark, kind in _PICTURES:
        if head.startswith(mark):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/mp4"
    return None


def opened(base: Path, inside: bytes) -> BinaryIO:
    """A regular file at the relative path `inside` of `base`.

    Each folder on the way is opened by its name in the one before, so that neither `..` nor a link put there
    meanwhile leads anywhere else. Raises GoneError.
    """
    parts = inside.split(b"/")
    if not inside or b"\0" in inside or any(part in (b"", b".", b"..") for part in parts):
        raise GoneError("no path inside the root")
    folder = -1
    try:
        folder = os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        for part in parts[:-1]:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
            os.close(folder)
            folder = below
        # A pipe must not make us wait for its writer.
        number = os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        raise GoneError(f"cannot be opened: {error.strerror}") from None
    finally:
        if folder >= 0:
            os.close(folder)
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise GoneError("no regular file")
    return os.fdopen(number, "rb")
