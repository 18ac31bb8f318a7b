"""Linux's inotify through ctypes: what changes in a folder. Runs on the host: Python 3.6.

Numbers and layout after inotify(7) and <sys/inotify.h>; they are the same on every architecture of Linux but
for the flags of inotify_init1, which Python's `os` knows.
"""

import ctypes
import errno
import os
import struct
from typing import List, Tuple

MODIFY = 0x00000002
ATTRIB = 0x00000004
CLOSE_WRITE = 0x00000008
MOVED_FROM = 0x00000040
MOVED_TO = 0x00000080
CREATE = 0x00000100
DELETE = 0x00000200
DELETE_SELF = 0x00000400
MOVE_SELF = 0x00000800
OVERFLOW = 0x00004000
IGNORED = 0x00008000
ONLYDIR = 0x01000000
DONT_FOLLOW = 0x02000000
EXCL_UNLINK = 0x04000000
ISDIR = 0x40000000

WANTED = (
    MODIFY
    | ATTRIB
    | CLOSE_WRITE
    | MOVED_FROM
    | MOVED_TO
    | CREATE
    | DELETE
    | DELETE_SELF
    | MOVE_SELF
    | ONLYDIR
    | EXCL_UNLINK
)
HEAD = struct.Struct("iIII")
READ = 1 << 16  # about a thousand events
LONGEST = HEAD.size + 256  # of an event: a name has 255 bytes at most, and a NUL
WATCHES_LIMIT = "/proc/sys/fs/inotify/max_user_watches"


class Inotify:
    """One inotify descriptor. Raises OSError where there is none to be had."""

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        try:
            self._add, self._remove = libc.inotify_add_watch, libc.inotify_rm_watch
            init = libc.inotify_init1
        except AttributeError:
            raise OSError(errno.ENOSYS, "this system has no inotify") from None
        self._add.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_uint32]
        self._remove.argtypes = [ctypes.c_int, ctypes.c_int]
        self.fd = init(os.O_NONBLOCK | os.O_CLOEXEC)
        if self.fd < 0:
            raise _error()
        self.more = False  # more events may wait than were read

    def add(self, path: bytes, follow: bool = False) -> int:
        """Watch one folder; its number. `follow`: a link to a folder is as good. Raises OSError."""
        number = int(self._add(self.fd, path, WANTED if follow else WANTED | DONT_FOLLOW))
        if number < 0:
            raise _error()
        return number

    def remove(self, number: int) -> None:
        """Watch it no more; one that is gone is fine."""
        self._remove(self.fd, number)

    def events(self) -> List[Tuple[int, int, bytes]]:
        """What is there to be read: (number of the watch, mask, name in the folder)."""
        self.more = False
        try:
            content = os.read(self.fd, READ)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return []
            raise
        self.more = len(content) > READ - LONGEST
        found = []
        place = 0
        while place < len(content):
            number, mask, _, length = HEAD.unpack_from(content, place)
            place += HEAD.size
            found.append((number, mask, content[place : place + length].rstrip(b"\0")))
            place += length
        return found


def why_not(error: OSError) -> str:
    """What a limit or its lack means, for people."""
    if error.errno == errno.ENOSPC:
        return "the host's inotify watches are used up (fs.inotify.max_user_watches{})".format(_limit())
    if error.errno == errno.EMFILE:
        return "the host's inotify instances are used up (fs.inotify.max_user_instances)"
    if error.errno == errno.ENOSYS:
        return "the host's system has no inotify"
    return "the host's inotify does not work: {}".format(error.strerror)


def _limit() -> str:
    try:
        with open(WATCHES_LIMIT) as file:
            return " is {}".format(int(file.read()))
    except (OSError, ValueError):
        return ""


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
