"""Many sftp requests in flight over one stream: paramiko's SFTPClient, with replies taken as they come.

Blocking, for one thread. Imported late: paramiko takes a third of a second and 15 MB.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from paramiko import Message, SFTPAttributes, SFTPClient, SSHException
from paramiko.sftp import (
    CMD_ATTRS,
    CMD_CLOSE,
    CMD_DATA,
    CMD_EXTENDED,
    CMD_EXTENDED_REPLY,
    CMD_HANDLE,
    CMD_INIT,
    CMD_LSTAT,
    CMD_NAME,
    CMD_OPEN,
    CMD_OPENDIR,
    CMD_READ,
    CMD_READDIR,
    CMD_STATUS,
    CMD_VERSION,
    SFTP_FLAG_READ,
    int64,
)

from expsyncd.ssh import packets
from expsyncd.ssh.packets import Attributes, GarbledError

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Generator, Iterator

    Job = Generator["Reply", Any, None]

VERSION = 3
LIMITS = b"limits@openssh.com"
# All hosts take reads of this length; OpenSSH since 8.5 says how much more it takes.
SAFE_READ = 32 << 10
LONGEST_READ = 256 << 10
LONGEST_PACKET = 1 << 20  # an honest one holds a read or a hundred names
ROOM = 256 << 10
LENT = 32 << 10
PINGS = 3


class Reply:
    """What a request will be answered with; a job that yields it gets its value or its OSError."""

    __slots__ = ("_read", "_value", "arrived", "job")

    def __init__(self, read: Callable[[int, bytes], Any]) -> None:
        self._read = read
        self._value: Any = None
        self.arrived = False
        self.job: Job | None = None

    def take(self, kind: int, data: bytes) -> None:
        """The answer has come. Raises GarbledError when it is none to such a request."""
        self._value = self._read(kind, data)
        self.arrived = True

    @property
    def value(self) -> Any:
        """The value, or an OSError as a value."""
        return self._value


class Wire(SFTPClient):
    """`run` drives jobs, each of which asks and yields replies; everything else only asks."""

    def __init__(self, stream: socket.socket) -> None:
        """Greets the host. Raises GarbledError when what answers is not sftp, EOFError when nothing does."""
        self._stream = stream
        self._out = bytearray()
        self._in = bytearray(ROOM)
        self._begin = self._end = 0
        self.bytes_heard = 0
        self._announced: dict[bytes, bytes] = {}
        try:
            super().__init__(stream)  # type: ignore[arg-type] # anything that sends, receives and closes
        except SSHException as error:  # its word for an end of the stream
            raise EOFError from error
        self._waiting: dict[int, Reply] = {}
        self._expecting = self._waiting
        self.longest_read = SAFE_READ
        if LIMITS in self._announced:
            longest = self._now(self._ask(_limit, CMD_EXTENDED, LIMITS))
            if isinstance(longest, int) and longest:
                self.longest_read = min(longest, LONGEST_READ)

    # --- asking -------------------------------------------------------------------------------------

    def open(self, path: bytes) -> Reply:  # type: ignore[override] # here a request, not a file object
        """A handle (bytes) for reading."""
        return self._ask(_handle, CMD_OPEN, path, SFTP_FLAG_READ, SFTPAttributes())

    def read(self, handle: bytes, offset: int, length: int) -> Reply:
        """Up to `length` bytes from `offset`; empty at the end."""
        return self._ask(_content, CMD_READ, handle, int64(offset), length)

    def open_folder(self, path: bytes) -> Reply:
        """A handle (bytes) for `entries`."""
        return self._ask(_handle, CMD_OPENDIR, path)

    def entries(self, handle: bytes) -> Reply:
        """The next (name, Attributes) of a folder, the host's own words; empty at the end."""
        return self._ask(_entries, CMD_READDIR, handle)

    def look(self, path: bytes) -> Reply:
        """The Attributes of a path, links not followed."""
        return self._ask(_attributes, CMD_LSTAT, path)

    def shut(self, handle: bytes) -> Reply:
        """Let a handle go; nobody needs to wait for the answer."""
        return self._ask(_anything, CMD_CLOSE, handle)

    def _ask(self, read: Callable[[int, bytes], Any], kind: int, *words: Any) -> Reply:
        reply = Reply(read)
        self._async_request(reply, kind, *words)  # type: ignore[attr-defined] # private, and of paramiko
        return reply

    # --- being answered -----------------------------------------------------------------------------

    def run(self, jobs: Iterator[Job], at_once: int) -> None:
        """Drive `jobs` to their ends, `at_once` of them side by side.

        Raises what a job raises, EOFError when the stream ends, GarbledError.
        """
        active = 0
        try:
            while True:
                while active < at_once and (job := next(jobs, None)) is not None:
                    active += self._step(job, None)
                if not active:
                    return
                if (waiting := self._receive()) is not None:
                    active += self._step(waiting[0], waiting[1]) - 1
        finally:
            # After a failure: their answers may still come, but nobody waits for them.
            for reply in list(self._waiting.values()):
                job, reply.job = reply.job, None
                if job is not None:
                    job.close()

    def round_trip_s(self) -> float:
        """The shortest of a few questions."""
        shortest = float("inf")
        for _ in range(PINGS):
            began = time.monotonic()
            self._now(self.look(b"."))
            shortest = min(shortest, time.monotonic() - began)
        return shortest

    def _step(self, job: Job, value: Any) -> int:
        """Run `job` until it waits (1) or ends (0)."""
        try:
            while True:
                reply = job.throw(value) if isinstance(value, OSError) else job.send(value)
                if not reply.arrived:
                    reply.job = job
                    return 1
                value = reply.value
        except StopIteration:
            return 0

    def _receive(self) -> tuple[Job, Any] | None:
        """Take one answer; the job that waited for it and its value."""
        kind, data = self._read_packet()
        reply = self._waiting.pop(packets.number(data, 0), None)
        if reply is None:
            return None
        reply.take(kind, data[4:])
        return None if reply.job is None else (reply.job, reply.value)

    def _now(self, reply: Reply) -> Any:
        while not reply.arrived:
            self._receive()
        return reply.value

    # --- the stream, in place of paramiko's own reading and writing: fewer and larger system calls -----

    def _send_version(self) -> int:
        message = Message()
        message.add_int(VERSION)
        self._send_packet(CMD_INIT, message)
        kind, data = self._read_packet()
        if kind != CMD_VERSION:
            raise GarbledError("no sftp answers")
        self._announced = packets.extensions(data[4:])
        return packets.number(data, 0)

    def _send_packet(self, t: int, packet: Message) -> None:
        content = packet.asbytes()
        self._out += (len(content) + 1).to_bytes(4, "big") + bytes((t,)) + content

    def _read_packet(self) -> tuple[int, bytes]:
        if self._out:
            out, self._out = self._out, bytearray()
            try:
                self._stream.sendall(out)
            except OSError as error:
                raise EOFError from error
        length = packets.number(self._exactly(4), 0)
        if not 0 < length <= LONGEST_PACKET:
            raise GarbledError("a packet of an impossible length")
        packet = self._exactly(length)
        return packet[0], packet[1:]

    def _exactly(self, count: int) -> bytes:
        """The next `count` bytes; many are not copied but lent, as a memoryview of their own."""
        have = self._end - self._begin
        if have >= count:
            begin = self._begin
            self._begin += count
            return bytes(self._in[begin : begin + count])
        whole = bytearray(count)
        whole[:have] = self._in[self._begin : self._end]
        self._begin = self._end = 0
        view = memoryview(whole)
        while have < count:
            if count - have >= ROOM // 2:
                have += self._into(view[have:])
                continue
            self._end = self._into(memoryview(self._in))
            self._begin = min(self._end, count - have)
            whole[have : have + self._begin] = self._in[: self._begin]
            have += self._begin
        return view if count > LENT else bytes(whole)  # type: ignore[return-value] # what it is used as

    def _into(self, room: memoryview) -> int:
        try:
            count = self._stream.recv_into(room)
        except OSError as error:
            raise EOFError from error
        if not count:
            raise EOFError
        self.bytes_heard += count
        return count

    def _log(self, *_: object) -> None:
        """Not a line of log for each connection; paramiko asks the stream for a name that it has not."""


def _refused(kind: int, data: bytes) -> OSError | None:
    if kind != CMD_STATUS:
        raise GarbledError(f"an answer of kind {kind}")
    return packets.refusal(data)


def _handle(kind: int, data: bytes) -> Any:
    if kind == CMD_HANDLE:
        return packets.text(data, 0)[0]
    if (refused := _refused(kind, data)) is None:
        raise GarbledError("a success without a handle")
    return refused


def _content(kind: int, data: bytes) -> Any:
    if kind == CMD_DATA:
        return packets.text(data, 0)[0]
    refused = _refused(kind, data)
    return b"" if refused is not None and refused.errno == 0 else refused


def _entries(kind: int, data: bytes) -> Any:
    if kind == CMD_NAME:
        return packets.entries(data)
    refused = _refused(kind, data)
    return [] if refused is not None and refused.errno == 0 else refused


def _attributes(kind: int, data: bytes) -> Any:
    return packets.attributes(data)[0] if kind == CMD_ATTRS else _refused(kind, data)


def _limit(kind: int, data: bytes) -> Any:
    return packets.longest_read(data) if kind == CMD_EXTENDED_REPLY else _refused(kind, data)


def _anything(kind: int, data: bytes) -> Any:
    del kind, data


__all__ = ["Attributes", "GarbledError", "Reply", "Wire"]
