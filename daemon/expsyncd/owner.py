"""Who listens on a local port, for messages that name them. Linux: /proc."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

_LISTEN = "0A"  # linux/include/net/tcp_states.h TCP_LISTEN, as /proc/net/tcp prints it
_LOGDIR = {"--logdir", "--logdir_spec"}
COMMAND_SHOWN = 60  # characters of a foreign command line that a notice may take


@dataclass(frozen=True)
class Owner:
    """The process that listens on a port; `command` is its command line for people."""

    pid: int
    command: str
    folder: str = ""  # of a TensorBoard: what it shows

    def __str__(self) -> str:
        if self.folder:
            return f"another TensorBoard (process {self.pid}) over {self.folder}"
        return f"process {self.pid} ({self.command})"


def owner(port: int, *, proc: Path = Path("/proc")) -> Owner | None:
    """Who listens on `port`; None where that cannot be seen (another user's process, no /proc)."""
    sockets = {f"socket:[{inode}]" for inode in _listening(port, proc)}
    if not sockets:
        return None
    for process in _processes(proc):
        with suppress(OSError), os.scandir(process / "fd") as descriptors:
            for descriptor in descriptors:
                with suppress(OSError):
                    if os.readlink(descriptor.path) in sockets:
                        return Owner(int(process.name), _command(process), _logdir(process))
    return None


def is_ours(address: str, port: int, *, proc: Path = Path("/proc")) -> bool:
    """Whether who listens on an IPv4 address and port is of this user; True where that cannot be seen."""
    # proc(5): the address as the number that the machine takes its bytes for, the port; whose it is.
    wanted = f"{int.from_bytes(socket.inet_aton(address), sys.byteorder):08X}:{port:04X}"
    try:
        lines = (proc / "net" / "tcp").read_text().splitlines()[1:]
    except OSError:
        return True
    found = [line.split() for line in lines]
    return any(one[1] == wanted and one[3] == _LISTEN and int(one[7]) == os.getuid() for one in found)


def _listening(port: int, proc: Path) -> Iterator[int]:
    for table in ("tcp", "tcp6"):
        lines = []
        with suppress(OSError):
            lines = (proc / "net" / table).read_text().splitlines()[1:]
        for line in lines:
            fields = line.split()
            if fields[3] == _LISTEN and int(fields[1].rpartition(":")[2], 16) == port:
                yield int(fields[9])


def _processes(proc: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from (entry for entry in proc.iterdir() if entry.name.isdigit())


def _logdir(process: Path) -> str:
    """The folder of a process that is a TensorBoard; empty for others and where it does not say."""
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
        # A script is the second word, a module the third or fourth, after python's own options.
        if not any(
            "tensorboard" in word.rpartition("/")[2] for word in words[:5] if not word.startswith("--")
        ):
            return ""
        for word, after in pairwise([*words, ""]):
            name, equals, value = word.partition("=")
            if name in _LOGDIR:
                given = value if equals else after
                return _harmless(
                    given if given.startswith("/") else f"{os.readlink(process / 'cwd')}/{given}"
                )
    return ""


def _command(process: Path) -> str:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        # It goes into notices and the log, and some programs take tokens and passwords as arguments.
        shown = _harmless(redact(words))
        return shown if len(shown) <= COMMAND_SHOWN else f"{shown[: COMMAND_SHOWN - 1]}…"
    return "?"


def _harmless(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text).strip()
