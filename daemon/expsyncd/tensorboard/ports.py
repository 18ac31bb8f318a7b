"""Whether a local port is free, who holds it if not, and which one is free instead."""

from __future__ import annotations

import errno
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.owner import owner

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

LAST_PORT = 65535


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
