"""The one way to run a child: own group, own deadlines, own stop ladder, nothing left behind.

asyncio leaves a child alive on timeout or cancel, `wait()` hangs while a grandchild holds stdout, and
`readline()` fails on long lines; each of these is handled here once (measured on CPython 3.11).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Self

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

TERM_GRACE_S = 5.0  # rsync needs 0.5 s after TERM to remove its temp file; a loaded laptop more
AFTER_EXIT_S = 1.0  # for output still in the pipe when the leader is gone
CHUNK = 1 << 16
OUTPUT_LIMIT = 8 << 20  # what a foreign program may print before we stop listening


@cache
def _setpriv() -> str | None:
    """Linux only: ends a child when we are killed; TERM lets rsync remove its temp (KILL does not)."""
    return shutil.which("setpriv")


@cache
def _prlimit() -> str | None:
    return shutil.which("prlimit")


def guarded(argv: Sequence[str], *, file_size_limit: int | None = None, outlives: bool = False) -> list[str]:
    """`argv` so that the child ends when this process dies and, on request, cannot write huge files."""
    prefix: list[str] = []
    if not outlives and (setpriv := _setpriv()):
        prefix += [setpriv, "--pdeathsig", "TERM", "--"]
    if file_size_limit is not None and (prlimit := _prlimit()):
        prefix += [prlimit, f"--fsize={file_size_limit}:{file_size_limit}", "--"]
    return [*prefix, *argv]


@dataclass(frozen=True)
class Completed:
    """How a child ended: exit `code` (negative for a signal) and what it printed, cut at the limit."""

    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False
    cut: bool = False

    @property
    def text(self) -> str:
        """Stdout as text; bytes that are not UTF-8 are kept by surrogates."""
        return self.stdout.decode("utf-8", "surrogateescape")

    @property
    def complaint(self) -> str:
        """Stderr as text for people."""
        return self.stderr.decode("utf-8", "replace")


class _Protocol(asyncio.subprocess.SubprocessStreamProtocol):
    """Says when the leader is gone, whoever still holds its pipes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(limit=CHUNK, loop=loop)
        self.leader_gone = asyncio.Event()

    def process_exited(self) -> None:
        self.leader_gone.set()
        super().process_exited()


class Child:
    """A running child in its own process group. Use `async with`: leaving the block stops the group."""

    def __init__(self, transport: asyncio.SubprocessTransport, protocol: _Protocol, grace_s: float) -> None:
        self._transport = transport
        self._protocol = protocol
        self._grace_s = grace_s
        self._over = False

    @classmethod
    async def start(
        cls,
        argv: Sequence[str],
        *,
        stdin: bool | int = False,
        cwd: Path | None = None,
        environment: Mapping[str, str] | None = None,
        file_size_limit: int | None = None,
        stdout: int = asyncio.subprocess.PIPE,
        stderr: int = asyncio.subprocess.PIPE,
        grace_s: float = TERM_GRACE_S,
        outlives: bool = False,
    ) -> Child:
        """Start `argv`. Raises Error when the program is missing or cannot be run.

        `stdin`: whether to write to it here, or an open descriptor. `stdout`, `stderr`: an open descriptor,
        or PIPE to read it here. `outlives`: not ended with us.
        """
        loop = asyncio.get_running_loop()
        if isinstance(stdin, bool):
            stdin = asyncio.subprocess.PIPE if stdin else asyncio.subprocess.DEVNULL
        if shutil.which(argv[0]) is None:
            raise Error(f"{argv[0]} is not installed", f"install it, e.g. apt-get install {argv[0]}")
        try:
            transport, protocol = await loop.subprocess_exec(
                lambda: _Protocol(loop),
                *guarded(argv, file_size_limit=file_size_limit, outlives=outlives),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=cwd,
                env=dict(environment) if environment is not None else None,
                start_new_session=True,
            )
        except OSError as error:
            raise Error(f"{argv[0]} cannot be started: {error.strerror or error}") from error
        return cls(transport, protocol, grace_s)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int:
        """The leader; also the number of the group."""
        pid = self._transport.get_pid()
        assert pid is not None
        return pid

    @property
    def code(self) -> int | None:
        """Exit code once it is known, negative for a signal."""
        return self._transport.get_returncode()

    def signal_leader(self, number: int) -> None:
        """Signal the leader only; a no-op once it is gone."""
        # Not the transport's send_signal: it asks for the exit code, and the loop's watcher then knows none.
        if self.code is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill_group(self) -> None:
        """KILL whoever is left of the group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    async def wait(self) -> int:
        """Wait for the leader only; grandchildren that hold its pipes do not matter."""
        await self._protocol.leader_gone.wait()
        code = self.code
        assert code is not None
        return code

    async def write(self, data: bytes) -> None:
        """Write `data` to stdin and leave it open; that a child is gone is noticed elsewhere."""
        stdin = self._protocol.stdin
        assert stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(data)
            await stdin.drain()

    async def feed(self, data: bytes) -> None:
        """Write `data` to stdin and close it; a child that does not read to the end is its own business."""
        stdin = self._protocol.stdin
        assert stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            stdin.write(data)
            await stdin.drain()
        stdin.close()
        with suppress(BrokenPipeError, ConnectionResetError):
            await stdin.wait_closed()

    async def chunks(self, *, stderr: bool = False) -> AsyncIterator[bytes]:
        """Stdout (or stderr) as it comes, in pieces of at most 64 kB, until the pipe closes."""
        stream = self._protocol.stderr if stderr else self._protocol.stdout
        assert stream is not None
        while chunk := await stream.read(CHUNK):
            yield chunk

    async def lines(self, *, longest: int = 1 << 20) -> AsyncIterator[bytes]:
        """Stdout line by line, without the newline; a line longer than `longest` bytes comes in pieces."""
        held = bytearray()
        async for chunk in self.chunks():
            held += chunk
            *whole, rest = bytes(held).split(b"\n")
            for line in whole:
                yield line
            held = bytearray(rest)
            if len(held) > longest:
                yield bytes(held)
                held.clear()
        if held:
            yield bytes(held)

    async def stop(self) -> None:
        """TERM the leader, KILL the group after the grace; returns when the leader is gone.

        TERM goes to the leader only: rsync then removes its temp file and ends its far side (exit 20),
        which TERM to the whole group prevents (exit 255). Asking again is fine.
        """
        if self._over:  # the group's number may be another's by now
            return
        try:
            if self.code is None:
                self.signal_leader(signal.SIGTERM)
                async with asyncio.timeout(self._grace_s):
                    await self.wait()
        except TimeoutError:
            pass
        finally:
            self.kill_group()
            # Only then: close() asks for the exit code itself when the leader is not reaped yet, and the
            # loop's own watcher then knows no code.
            await asyncio.shield(self._close())

    async def _close(self) -> None:
        await self._protocol.leader_gone.wait()
        self._transport.close()
        self._over = True


async def run(
    argv: Sequence[str],
    *,
    timeout_s: float,
    data: bytes | None = None,
    limit: int = OUTPUT_LIMIT,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Completed:
    """Run `argv` to its end or `timeout_s`, whichever is first; never raises for how it ended.

    `data` goes to stdin. Stdout and stderr are kept up to `limit` bytes each, the rest is read and dropped.
    After the leader's exit its output gets one more second, since a grandchild may hold the pipe for ever.
    """
    out, err = bytearray(), bytearray()
    cut = timed_out = False
    async with await Child.start(argv, stdin=data is not None, cwd=cwd, environment=environment) as child:

        async def collect(kept: bytearray, *, stderr: bool) -> None:
            nonlocal cut
            async for chunk in child.chunks(stderr=stderr):
                room = limit - len(kept)
                cut = cut or len(chunk) > room
                kept += chunk[: max(room, 0)]

        async def both() -> None:
            async with asyncio.TaskGroup() as group:
                group.create_task(collect(out, stderr=False), name="stdout")
                group.create_task(collect(err, stderr=True), name="stderr")
                if data is not None:
                    group.create_task(child.feed(data), name="stdin")

        async def leader_and_output() -> None:
            async with asyncio.TaskGroup() as group:
                pumps = group.create_task(both(), name=f"pumps of {argv[0]}")
                await child.wait()
                await asyncio.wait([pumps], timeout=AFTER_EXIT_S)
                pumps.cancel()

        try:
            async with asyncio.timeout(timeout_s):
                await leader_and_output()
        except TimeoutError:
            timed_out = True
    code = child.code
    return Completed(-signal.SIGKILL if code is None else code, bytes(out), bytes(err), timed_out, cut)
