"""The agent's ends of the connection: lines come in, frames go out, bounded. On the host: Python 3.6."""

import errno
import json
import os
import struct
from collections import deque
from typing import Any, Deque, Dict, List

# The first line that is ours: what stands before it is a login shell's noise. The number is the protocol's.
MAGIC = b"expsyncd-agent 1\n"
HEAD = struct.Struct(">II")  # bytes of the JSON header, bytes of the payload
LONGEST_LINE = 1 << 20
READ = 1 << 16
# Above this nothing is read for sending: what changed stays a name until there is room again.
FULL = 1 << 20


class Gone(Exception):  # noqa: N818 - the connection is over; no failure of ours
    """The other end is not there any more."""


def text(name: bytes) -> str:
    """A name as JSON carries it; bytes that are not UTF-8 survive."""
    return name.decode("utf-8", "surrogateescape")


def name_of(words: str) -> bytes:
    """The name that `text` made JSON of."""
    return words.encode("utf-8", "surrogateescape")


class Outbox:
    """Frames on their way out; `put` never blocks, `flush` writes what the pipe takes."""

    def __init__(self, fd: int) -> None:
        self.size = 0
        self._fd = fd
        self._waiting: Deque[bytes] = deque()
        os.set_blocking(fd, False)

    def full(self) -> bool:
        """Whether content has to wait."""
        return self.size >= FULL

    def raw(self, content: bytes) -> None:
        """Send bytes as they are."""
        self._waiting.append(content)
        self.size += len(content)

    def put(self, header: Dict[str, Any], payload: bytes = b"") -> None:
        """Send one frame."""
        words = json.dumps(header, separators=(",", ":")).encode("ascii")
        self.raw(HEAD.pack(len(words), len(payload)) + words + payload)

    def flush(self) -> None:
        """Write until the pipe is full. Raises Gone."""
        while self._waiting:
            content = self._waiting[0]
            try:
                count = os.write(self._fd, content[: 4 * READ])
            except OSError as error:
                if error.errno in (errno.EAGAIN, errno.EINTR):
                    return
                raise Gone from error
            self.size -= count
            if count == len(content):
                self._waiting.popleft()
            else:
                self._waiting[0] = content[count:]
                return


class Lines:
    """JSON lines that come in. `read` raises Gone at the end of the stream or of our patience."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._held = b""
        os.set_blocking(fd, False)

    def read(self) -> List[Dict[str, Any]]:
        """The messages that came since."""
        try:
            content = os.read(self._fd, READ)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EINTR):
                return []
            raise Gone from error
        if not content:
            raise Gone
        lines = (self._held + content).split(b"\n")
        self._held = lines.pop()
        if len(self._held) > LONGEST_LINE:
            raise Gone
        return [json.loads(line.decode("ascii")) for line in lines if line]
