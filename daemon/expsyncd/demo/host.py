"""A small ssh host in this process: real ssh, rsync, sftp and forwards work with it, as the ordinary user.

Loopback only, one key, fresh keys at each start of the first time. The demo runs on it; tests may.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import uuid
from typing import TYPE_CHECKING, Self

from expsyncd.demo.channels.command import CANNOT_RUN, Command
from expsyncd.demo.channels.files import Files, Subsystem
from expsyncd.demo.channels.forward import carry
from expsyncd.demo.channels.gate import Gate
from expsyncd.demo.channels.transport import LOG_NAME, Transport
from expsyncd.demo.keys import make_key
from expsyncd.demo.leftovers import end_marked
from expsyncd.demo.ssh_config import known_hosts_line, ssh_config
from expsyncd.demo.threads import Threads
from expsyncd.paths import PRIVATE_FOLDER

if TYPE_CHECKING:
    from pathlib import Path

    from paramiko import Channel

_BACKLOG = 64
_ACCEPT_POLL_S = 1.0  # how long a closed channel may be remembered
_STOP_WITHIN_S = 6.0  # TERM, grace, KILL, grace, and a loaded machine
_MARK = "EXPSYNCD_DEMO_HOST"
# What sshd hands on; the rest of this process's environment is no business of the far side.
_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME", "SHELL", "TMPDIR", "TZ")


class BuiltinHost:
    """Serves the folder `home` as a login's home; `state` (0700) holds keys and the ssh_config.

    Use it as a context manager, or `start` and `stop`; a second start takes the same port again.
    """

    def __init__(self, home: Path, state: Path, *, alias: str = "builtin", port: int = 0) -> None:
        self.home = home.resolve()
        self.alias = alias
        self.port = port
        self.config_file = state.absolute() / "ssh_config"
        state.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        state.chmod(PRIVATE_FOLDER)
        self._state = state.absolute()
        self._host_key = make_key(self._state / "host_key")
        self._login_key = make_key(self._state / "id")
        self._token = uuid.uuid4().hex
        self._threads = Threads()
        self._lock = threading.Lock()
        self._transports: set[Transport] = set()
        self._commands: set[Command] = set()
        self._listener: socket.socket | None = None
        logging.getLogger(LOG_NAME).setLevel(logging.CRITICAL)

    @property
    def options(self) -> list[str]:
        """`-F FILE`: argv for ssh."""
        return ["-F", str(self.config_file)]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, and write the ssh_config that leads here. Raises OSError when the port is taken."""
        listener = socket.create_server(("127.0.0.1", self.port), backlog=_BACKLOG)
        self.port = listener.getsockname()[1]
        known_hosts = self._state / "known_hosts"
        known_hosts.write_text(known_hosts_line(self.port, self._host_key))
        self.config_file.write_text(ssh_config(self.alias, self.port, self._state / "id", known_hosts))
        self._listener = listener
        self._threads.start("listener", self._accept, listener)

    def stop(self) -> None:
        """End every connection, command and thread; a no-op when stopped."""
        with self._lock:
            listener, self._listener = self._listener, None
            commands, transports = list(self._commands), list(self._transports)
        if listener is None:
            return
        listener.shutdown(socket.SHUT_RDWR)  # close alone would leave accept asleep
        listener.close()
        for transport in transports:
            transport.close()  # each command's own thread then ends its program
        self._threads.join(_STOP_WITHIN_S)
        end_marked(f"{_MARK}={self._token}")
        for command in commands:
            command.end()
        self._threads.join(_STOP_WITHIN_S)
        for transport in transports:
            transport.join(_STOP_WITHIN_S)

    def _accept(self, listener: socket.socket) -> None:
        while self._listener is listener:
            sock, _ = listener.accept()
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # paramiko does not
            self._threads.start("connection", self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        transport = Transport(sock)
        gate = Gate(self._login_key, self._on_command)
        transport.add_server_key(self._host_key)
        transport.set_subsystem_handler("sftp", Subsystem, Files, self.home)
        with self._lock:
            if self._listener is None:
                sock.close()
                return
            self._transports.add(transport)
        try:
            transport.start_server(server=gate)
            self._take_channels(transport, gate)
        finally:
            transport.close()
            gate.close()
            self._transports.discard(transport)

    def _take_channels(self, transport: Transport, gate: Gate) -> None:
        # paramiko's own table of channels is weak: one without a reference here would be closed before
        # its command is asked for. Not taking them would let its queue grow for ever.
        alive: set[Channel] = set()
        while transport.is_active():
            channel = transport.accept(_ACCEPT_POLL_S)
            alive = {kept for kept in alive if not kept.closed}
            if channel is not None:
                alive.add(channel)
                if sock := gate.take_dialled(channel.get_id()):
                    self._threads.start("forward", carry, channel, sock, self._threads)

    def _on_command(self, channel: Channel, command: bytes) -> None:
        self._threads.start("command", self._run, channel, command)

    def _run(self, channel: Channel, text: bytes) -> None:
        try:
            with self._lock:  # so that `stop` sees every program that was started
                if self._listener is None:
                    return
                command = Command(
                    channel, text, home=self.home, environment=self._environment(), threads=self._threads
                )
                self._commands.add(command)
        except (OSError, ValueError) as error:
            channel.sendall_stderr(f"{error}\n".encode())
            channel.send_exit_status(CANNOT_RUN)
            channel.close()
            return
        try:
            command.serve()
        finally:
            self._commands.discard(command)

    def _environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return {**kept, "HOME": str(self.home), _MARK: self._token}
