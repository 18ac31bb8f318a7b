"""Read-only sftp over one folder; nothing outside it can be reached, not even through links."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import paramiko
from paramiko import SFTPAttributes, SFTPServer
from paramiko.sftp import SFTP_PERMISSION_DENIED

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
LONGEST_READ = 255 << 10  # a message of sftp has room for 256 KiB
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def _attempt(look: Callable[[], T]) -> T | int:
    """The value, or sftp's number for what went wrong."""
    try:
        return look()
    except OSError as error:
        return SFTPServer.convert_errno(error.errno or errno.EIO)
    except ValueError:  # a NUL in the path
        return SFTPServer.convert_errno(errno.ENOENT)


class Files(paramiko.SFTPServerInterface):
    """Real absolute paths, all of which must resolve inside `root`; relative ones start there."""

    def __init__(self, gate: paramiko.ServerInterface, root: Path) -> None:
        super().__init__(gate)
        self._root = root.resolve()

    def canonicalize(self, path: str) -> str:
        """`path` as an absolute one."""
        return os.path.normpath(self._root / path)

    def _real(self, path: str, *, follow: bool = True) -> Path:
        full = Path(self.canonicalize(path))
        real = full.resolve() if follow else full.parent.resolve() / full.name
        if not real.is_relative_to(self._root):
            raise PermissionError(errno.EACCES, "outside the served folder")
        return real

    def list_folder(self, path: str) -> list[SFTPAttributes] | int:
        """What is in a folder; names that are not UTF-8 are left out, since paramiko dies on them."""

        def look() -> list[SFTPAttributes]:
            found = []
            for entry in self._real(path).iterdir():
                with suppress(OSError, UnicodeEncodeError):
                    entry.name.encode()
                    found.append(SFTPAttributes.from_stat(entry.lstat(), entry.name))
            return found

        return _attempt(look)

    def stat(self, path: str) -> SFTPAttributes | int:
        """Attributes of what a path leads to."""
        return _attempt(lambda: SFTPAttributes.from_stat(self._real(path).stat()))

    def lstat(self, path: str) -> SFTPAttributes | int:
        """Attributes of a path itself."""
        return _attempt(lambda: SFTPAttributes.from_stat(self._real(path, follow=False).lstat()))

    def open(self, path: str, flags: int, attr: SFTPAttributes) -> paramiko.SFTPHandle | int:
        """Open for reading; anything else is refused."""
        del attr
        if flags & _WRITING:
            return SFTP_PERMISSION_DENIED
        # Without waiting for the other end of a pipe that somebody put there.
        mode = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        return _attempt(lambda: OpenFile(os.open(self._real(path), mode)))


class OpenFile(paramiko.SFTPHandle):
    """One file open for reading."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def read(self, offset: int, length: int) -> bytes | int:
        """At most `length` bytes from `offset`; fewer are allowed."""
        return _attempt(lambda: os.pread(self._descriptor, min(length, LONGEST_READ), offset))

    def stat(self) -> SFTPAttributes | int:
        """Attributes of the open file."""
        return _attempt(lambda: SFTPAttributes.from_stat(os.fstat(self._descriptor)))

    def close(self) -> None:
        """Close it; sftp asks once."""
        os.close(self._descriptor)


class Subsystem(SFTPServer):
    """sftp with an exit status: paramiko sends none, and scp then says 1."""

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        """Serve until the other end is done."""
        super().start_subsystem(name, transport, channel)
        channel.send_exit_status(0)
