"""What sftp's packets hold: entries of folders, attributes, refusals. Pure.

After draft-ietf-secsh-filexfer-02, version 3, which all hosts speak. Names are bytes.
"""

from __future__ import annotations

import errno
import stat
import struct
from dataclasses import dataclass

_SIZE, _OWNERS, _MODE, _TIMES, _MORE = 1, 2, 4, 8, 0x80000000
_UINT = struct.Struct(">I")
_LONG = struct.Struct(">Q")
_PAIR = struct.Struct(">II")
_LIMITS = struct.Struct(">QQQQ")
LONGEST_REASON = 200

_ERRNO = {
    2: errno.ENOENT, 3: errno.EACCES, 5: errno.EBADMSG, 6: errno.ENOTCONN, 7: errno.ECONNRESET,
    8: errno.EOPNOTSUPP,
}  # fmt: skip
END_OF_FILE = 1


class GarbledError(Exception):
    """What came is not sftp."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Of a file on the host; None is what it did not say. `mtime`: Unix seconds, modulo 2**32."""

    size: int | None = None
    mode: int | None = None
    mtime: int | None = None

    @property
    def is_file(self) -> bool:
        """A regular file."""
        return self.mode is not None and stat.S_ISREG(self.mode)

    @property
    def is_folder(self) -> bool:
        """A folder, no link to one."""
        return self.mode is not None and stat.S_ISDIR(self.mode)


def text(data: bytes, place: int) -> tuple[bytes, int]:
    """The string at `place` and where the next thing begins. Raises GarbledError."""
    end = place + 4 + number(data, place)
    if end > len(data):
        raise GarbledError("a string is cut")
    return data[place + 4 : end], end


def number(data: bytes, place: int) -> int:
    """The 32-bit number at `place`. Raises GarbledError."""
    try:
        found: int = _UINT.unpack_from(data, place)[0]
    except struct.error as error:
        raise GarbledError("a number is cut") from error
    return found


def attributes(data: bytes, place: int = 0) -> tuple[Attributes, int]:
    """The attributes at `place` and where the next thing begins. Raises GarbledError."""
    size = mode = mtime = None
    flags = number(data, place)
    place += 4
    try:
        if flags & _SIZE:
            size = _LONG.unpack_from(data, place)[0]
            place += 8
        if flags & _OWNERS:
            place += 8
        if flags & _MODE:
            mode = _UINT.unpack_from(data, place)[0]
            place += 4
        if flags & _TIMES:
            mtime = _PAIR.unpack_from(data, place)[1]
            place += 8
    except struct.error as error:
        raise GarbledError("attributes are cut") from error
    if flags & _MORE:
        count = number(data, place)
        place += 4
        for _ in range(2 * count):
            _, place = text(data, place)
    return Attributes(size, mode, mtime), place


def entries(data: bytes) -> list[tuple[bytes, Attributes]]:
    """The (name, attributes) of an answer to READDIR, as the host gave them. Raises GarbledError."""
    found = []
    place = 4
    for _ in range(number(data, 0)):
        name, place = text(data, place)
        _, place = text(data, place)  # a line for people
        what, place = attributes(data, place)
        found.append((bytes(name), what))
    return found


def refusal(data: bytes) -> OSError | None:
    """The error that a status means; None for success. The end of a file is an EOFError-like errno 0.

    Raises GarbledError.
    """
    code = number(data, 0)
    if code == 0:
        return None
    said = (
        bytes(text(data, 4)[0][:LONGEST_REASON]).decode("utf-8", "backslashreplace") if len(data) >= 8 else ""
    )
    return OSError(0 if code == END_OF_FILE else _ERRNO.get(code, errno.EIO), said or f"status {code}")


def longest_read(data: bytes) -> int:
    """The longest read that an answer to limits@openssh.com allows, 0 if it sets none."""
    try:
        found: int = _LIMITS.unpack_from(data, 0)[1]
    except struct.error:
        return 0
    return found


def extensions(data: bytes) -> dict[bytes, bytes]:
    """What a VERSION packet's rest announces. Raises GarbledError."""
    found = {}
    place = 0
    while place < len(data):
        name, place = text(data, place)
        found[name], place = text(data, place)
    return found
