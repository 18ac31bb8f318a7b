"""Whether a local port is free, who holds it if not, and which one is free instead."""

from __future__ import annotations

import errno
import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

_LISTEN = "0A"  # linux/include/net/tcp_states.h TCP_LISTEN, as /proc/net/tcp prints it
LAST_PORT = 65535
COMMAND_SHOWN = 60  # characters of a foreign command line that a notice may take


@dataclass(frozen=True)
class Owner:
    """The process that listens on a port; `command` is its command line for people."""

    pid: int
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} ({self.command})"


def is_free(port: int) -> bool:
    """Whether we could listen on `port` of 127.0.0.1 and nobody else answers to `localhost`."""
    # Browsers may try ::1 first for `localhost`: a stranger there would be taken for our TensorBoard.
    return _can_listen(socket.AF_INET, "127.0.0.1", port) and _can_listen(socket.AF_INET6, "::1", port)


@dataclass(frozen=True)
class Choice:
    """The port to take; `notice` says why it is not the configured one."""

    port: int
    notice: str | None = None


def choose(configured: int, *, last: int | None, before: int | None, wanted: AbstractSet[int]) -> Choice:
    """The port to serve on: `last`, so that a restart keeps the URL, else the configured one.

    Where that is taken: the one an earlier daemon had (`before`), else the next free one. Ports in `wanted`
    (local ends of configured forwards) are left alone. Raises Error when no port is free.
    """
    for port in (last, configured, before):
        if port is not None and port not in wanted and is_free(port):
            break
    else:
        free = next_free(configured, wanted)
        if free is None:
            raise Error(f"no port above {configured} is free", "set tensorboard: {port: …} to a lower one")
        port = free
    if port == configured:
        return Choice(port)
    if configured in wanted:
        return Choice(port, f"port {configured} is for one of your forwards, so TensorBoard is at {port}")
    if is_free(configured):
        return Choice(port, f"TensorBoard stays at {port} until the next start; {configured} is free again")
    return Choice(
        port,
        f"port {configured} is taken by {owner(configured) or 'somebody else'}, so TensorBoard is at {port}",
    )


def next_free(after: int, wanted: AbstractSet[int]) -> int | None:
    """The first free port above `after` that is not in `wanted`; None when there is none at all."""
    return next(
        (port for port in range(after + 1, LAST_PORT + 1) if port not in wanted and is_free(port)),
        None,
    )


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
                        return Owner(int(process.name), _command(process))
    return None


def _can_listen(family: socket.AddressFamily, address: str, port: int) -> bool:
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As TensorBoard does: connections of its predecessor that linger in TIME_WAIT do not matter.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            probe.bind((address, port))
    except OSError as error:
        # A machine without IPv6 has nobody on ::1.
        return family == socket.AF_INET6 and error.errno in {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL}
    return True


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


def _command(process: Path) -> str:
    with suppress(OSError):
        words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        shown = "".join(char if char.isprintable() else "?" for char in words).strip()
        return shown if len(shown) <= COMMAND_SHOWN else f"{shown[: COMMAND_SHOWN - 1]}…"
    return "?"
