"""Who may log in to the built-in host and what may be asked for inside a connection."""

from __future__ import annotations

from typing import TYPE_CHECKING

import paramiko
from paramiko.common import (
    AUTH_FAILED,
    AUTH_SUCCESSFUL,
    OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED,
    OPEN_FAILED_CONNECT_FAILED,
    OPEN_SUCCEEDED,
)

from expsyncd.demo.channels.forward import dial

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable


class Gate(paramiko.ServerInterface):
    """One connection's: one key, commands, sftp, forwards to loopback; no terminal, no shell.

    `on_command(channel, command)` must return at once: the caller's thread serves every channel.
    """

    def __init__(self, key: paramiko.PKey, on_command: Callable[[paramiko.Channel, bytes], None]) -> None:
        self._key = key.asbytes()
        self._on_command = on_command
        self._dialled: dict[int, socket.socket] = {}

    def take_dialled(self, number: int) -> socket.socket | None:
        """The socket behind the forward with this channel number."""
        return self._dialled.pop(number, None)

    def close(self) -> None:
        """Close sockets of forwards that never came to be."""
        while self._dialled:
            self._dialled.popitem()[1].close()

    def get_allowed_auths(self, username: str) -> str:
        """Keys only."""
        del username
        return "publickey"

    def check_auth_publickey(self, username: str, key: paramiko.PKey) -> int:
        """Any name, one key."""
        del username
        return AUTH_SUCCESSFUL if key.asbytes() == self._key else AUTH_FAILED

    def check_channel_request(self, kind: str, chanid: int) -> int:
        """Commands and subsystems."""
        del chanid
        return OPEN_SUCCEEDED if kind == "session" else OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED

    def check_channel_exec_request(self, channel: paramiko.Channel, command: bytes) -> bool:
        """Any command, as the person who runs us."""
        self._on_command(channel, command)
        return True

    def check_channel_direct_tcpip_request(
        self, chanid: int, origin: tuple[str, int], destination: tuple[str, int]
    ) -> int:
        """Ports of this machine only."""
        del origin
        try:
            self._dialled[chanid] = dial(*destination)
        except PermissionError:
            return OPEN_FAILED_ADMINISTRATIVELY_PROHIBITED
        except OSError:
            return OPEN_FAILED_CONNECT_FAILED
        return OPEN_SUCCEEDED
