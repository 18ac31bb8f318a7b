"""One command asked for over ssh: `sh -c` in its own session, its three streams, its exit status."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from expsyncd.demo.channels.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from paramiko import Channel

    from expsyncd.demo.threads import Threads

# Big reads mean few changes of thread; paramiko cuts them into packets.
CHUNK = 1 << 18
TERM_GRACE_S = 2.0
CANNOT_RUN = 255  # as ssh itself says it


class Command:
    """A program that belongs to `channel` and ends with it.

    Started by subprocess and threads, since this is the far side: it plays a machine of its own.
    """

    def __init__(
        self,
        channel: Channel,
        command: bytes,
        *,
        home: Path,
        environment: Mapping[str, str],
        threads: Threads,
    ) -> None:
        """Start it. Raises OSError or ValueError when it cannot be: too long, a NUL in it."""
        self._channel = channel
        self._threads = threads
        self._done = threading.Event()
        self._program = subprocess.Popen(
            ["/bin/sh", "-c", command],
            cwd=home,
            bufsize=0,
            start_new_session=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )

    def serve(self) -> None:
        """Carry its streams until both outputs are closed, then say how it ended, as sshd does."""
        stdin, stdout, stderr = self._program.stdin, self._program.stdout, self._program.stderr
        assert stdin is not None
        assert stdout is not None
        assert stderr is not None
        start = self._threads.start
        pumps = [
            start("stdout", self._drain, stdout, self._channel.sendall, self._unread),
            start("stderr", self._drain, stderr, self._channel.sendall_stderr, lambda: False),
        ]
        start("stdin", self._feed, stdin)
        start("end", self._end_with_channel)
        try:
            for pump in pumps:
                pump.join()
            code = self._program.wait()
            # paramiko cannot tell of a signal; ssh shows one as 255 anyway.
            self._channel.send_exit_status(code if code >= 0 else CANNOT_RUN)
        finally:
            self._done.set()
            self._channel.close()

    def _unread(self) -> bool:
        transport = self._channel.get_transport()
        return isinstance(transport, Transport) and self._channel.get_id() in transport.unread

    def _feed(self, stdin: IO[bytes]) -> None:
        try:
            with stdin:
                while chunk := memoryview(self._channel.recv(CHUNK)):
                    while chunk:  # unbuffered: a write may be short
                        chunk = chunk[stdin.write(chunk) :]
        finally:
            while self._channel.recv(CHUNK):
                pass  # the program has closed its stdin: the rest is for nobody

    @staticmethod
    def _drain(pipe: IO[bytes], send: Callable[[bytes], None], unread: Callable[[], bool]) -> None:
        with pipe:  # closed at the end in any case, so that the program gets SIGPIPE
            while not unread() and (chunk := pipe.read(CHUNK)):
                send(chunk)

    def _end_with_channel(self) -> None:
        self._channel.status_event.wait()  # set when the channel or its connection is closed
        self.end()

    def end(self) -> None:
        """TERM its session, KILL after the grace; nothing once it has ended by itself."""
        # Not HUP: children of a program started with nohup ignore it.
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._done.wait(0):
                return
            # The leader may be gone already while a child of it still holds the pipes.
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._program.pid, number)
            self._done.wait(TERM_GRACE_S)
