"""paramiko's transport with the one message it lacks: "nobody reads stdout any more"."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import paramiko
from paramiko.common import MSG_CHANNEL_REQUEST

if TYPE_CHECKING:
    import socket

# OpenSSH's PROTOCOL, section 2.1. Without it `ssh HOST yes | head -1` never ends.
END_OF_WRITE = "eow@openssh.com"
# paramiko's own logger would print a traceback for each ssh that goes away.
LOG_NAME = "expsyncd.demo.ssh"

# What has to be extended is private to paramiko and not in its stubs.
_PARENT = vars(paramiko.Transport)
_answer = cast("Any", vars(paramiko.Channel)["_handle_request"])


def _request(channel: paramiko.Channel, message: paramiko.Message) -> None:
    at = message.packet.tell()
    if message.get_text() == END_OF_WRITE:
        transport = channel.get_transport()
        assert isinstance(transport, Transport)
        transport.unread.add(channel.get_id())
    message.packet.seek(at)
    _answer(channel, message)


class Transport(paramiko.Transport):
    """`unread` has the numbers of the channels whose output nobody reads any more."""

    # ssh sends the message only to what calls itself OpenSSH.
    _CLIENT_ID = "OpenSSH_compatible_" + _PARENT["_CLIENT_ID"]
    _channel_handler_table = {  # noqa: RUF012 - paramiko's own shape
        **_PARENT["_channel_handler_table"],
        MSG_CHANNEL_REQUEST: _request,
    }

    def __init__(self, sock: socket.socket) -> None:
        super().__init__(sock)
        self.unread: set[int] = set()
        self.set_log_channel(LOG_NAME)
