"""One forwarded connection: bytes both ways between a channel and a socket, half-closes included."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from expsyncd.demo.channels.command import CHUNK

if TYPE_CHECKING:
    from paramiko import Channel

    from expsyncd.demo.threads import Threads

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DIAL_WITHIN_S = 2.0  # loopback answers at once; the caller's thread serves the whole connection


def dial(host: str, port: int) -> socket.socket:
    """Connect to a port of this machine. Raises OSError, PermissionError for any other machine."""
    if host not in LOOPBACK:
        raise PermissionError(f"{host} is not this machine")
    return socket.create_connection((host, port), timeout=DIAL_WITHIN_S)


def carry(channel: Channel, sock: socket.socket, threads: Threads) -> None:
    """Pass bytes on until both directions have ended; closes both."""
    sock.settimeout(None)

    def outwards() -> None:
        try:
            while chunk := channel.recv(CHUNK):
                sock.sendall(chunk)
        finally:
            # A closed channel is gone altogether, an ended one may still receive.
            sock.shutdown(socket.SHUT_RDWR if channel.closed else socket.SHUT_WR)

    thread = threads.start("forward", outwards)
    try:
        while chunk := sock.recv(CHUNK):
            channel.sendall(chunk)
        channel.shutdown_write()
        thread.join()
    finally:
        channel.close()
        sock.close()
