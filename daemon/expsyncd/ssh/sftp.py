"""Sftp: a host's files over the sftp subsystem of its connection; blocking work in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
from concurrent.futures import Future
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, TypeVar

from expsyncd.process import Child
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, diagnose, no_sftp, sftp_broke, sftp_silent
from expsyncd.ssh.packets import GarbledError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expsyncd.errors import Error
    from expsyncd.ssh.diagnosis import Diagnosis
    from expsyncd.ssh.wire import Wire

T = TypeVar("T")

LOOK_S = 0.25  # how often running work is asked whether it may go on
END_S = 5.0  # for work to notice that its stream is gone; longer only while the local disk is stuck
LAST_WORDS_S = 1.0
WORDS_LIMIT = 4096
SSH_FAILED = 255
# The conversation itself failed, and not the work.
BROKEN = (EOFError, GarbledError)
NOT_SFTP = "what answers is not sftp; does the login shell print text?"
BUFFER = 1 << 20  # asked for; the kernel gives what it allows


class Sftp:
    """`run` work after work; broken once anything went wrong. Close it in any case."""

    def __init__(self, child: Child, stream: socket.socket, alias: str) -> None:
        self.alias = alias
        self.broken = False
        self._child = child
        self._stream = stream
        self._wire: Wire | None = None
        self._wanted: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        # A daemon thread: stuck on a dead disk it must not keep the process alive.
        self._thread = Thread(target=self._serve, name=f"sftp {alias}", daemon=True)
        self._thread.start()

    @property
    def usable(self) -> bool:
        """Whether it works as far as is known here."""
        return not self.broken and self._child.code is None

    @classmethod
    async def open(
        cls, argv: Sequence[str], environment: Mapping[str, str], alias: str, *, timeout_s: float
    ) -> Sftp:
        """Start the ssh `argv` and greet the host. Raises ConnectionProblem; nothing is then left."""
        ours, its = socket.socketpair()
        for end in (ours, its):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        try:
            child = await Child.start(argv, environment=environment, stdin=its.fileno(), stdout=its.fileno())
        except BaseException:
            ours.close()
            raise
        finally:
            its.close()
        sftp = cls(child, ours, alias)
        opened = False  # not the wire: it is there a moment before we hear of it, and may be cancelled
        try:
            async with asyncio.timeout(timeout_s):
                await sftp._act(sftp._greet)
            opened = True
        except TimeoutError as error:
            raise ConnectionProblem(sftp_silent(timeout_s, alias)) from error
        except BROKEN as error:
            # Of a subsystem that it has not the host says no more than this end.
            why = NOT_SFTP if isinstance(error, GarbledError) else "it ended at once"
            raise ConnectionProblem(await sftp._why(no_sftp(why, alias))) from error
        finally:
            if not opened:
                await sftp.close()
        return sftp

    async def run(
        self,
        work: Callable[[Wire], T],
        *,
        may_go_on: Callable[[], Error | None] = lambda: None,
        look: Callable[[], None] = lambda: None,
        stalled: Error | None = None,
        progress_timeout_s: float = 30.0,
    ) -> T:
        """Run `work` in the thread.

        It is stopped, by taking its stream away, when nothing came for `progress_timeout_s`, when
        `may_go_on` returns an Error, or when the caller is cancelled. `look` is called in the loop while it
        runs and once at its end. Raises those Errors, ConnectionProblem when the stream broke, and what the
        work itself raises.
        """
        wire = self._wire
        if wire is None or self.broken:
            raise ConnectionProblem(sftp_broke("it is closed"))
        loop = asyncio.get_running_loop()
        heard, heard_at = wire.bytes_heard, loop.time()
        running = asyncio.wrap_future(self._give(lambda: work(wire)))
        stop: Error | None = None
        try:
            while not running.done():
                await asyncio.wait([running], timeout=LOOK_S)
                look()
                if wire.bytes_heard != heard:
                    heard, heard_at = wire.bytes_heard, loop.time()
                elif loop.time() - heard_at > progress_timeout_s and not running.done():
                    stop = stalled or ConnectionProblem(sftp_broke("the host says nothing any more"))
                stop = stop or may_go_on()
                if stop and not running.done():
                    raise stop
            return running.result()
        except BROKEN as error:
            self.broken = True
            raise ConnectionProblem(await self._why(sftp_broke(str(error) or "it ended"))) from error
        finally:
            if not running.done():
                self.broken = True
                self._cut()
                # What it writes here is over before anybody else goes on.
                await asyncio.shield(asyncio.wait([running], timeout=END_S))
                if running.done():
                    running.exception()  # seen: it is that the stream is gone
            look()

    async def close(self) -> None:
        """End the ssh and the thread."""
        self.broken = True
        self._cut()
        self._wanted.put(None)
        await asyncio.shield(self._end())

    async def _end(self) -> None:
        await asyncio.to_thread(self._thread.join, END_S)
        self._stream.close()
        await self._child.stop()

    def _cut(self) -> None:
        # Unlike close() this wakes a thread that reads, and the ssh sees the end of its input.
        with suppress(OSError):
            self._stream.shutdown(socket.SHUT_RDWR)

    async def _why(self, otherwise: Diagnosis) -> Diagnosis:
        """What its ssh says of its end; `otherwise` where that is nothing known."""
        said = bytearray()
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORDS_S):
                async for chunk in self._child.chunks(stderr=True):
                    said += chunk[: WORDS_LIMIT - len(said)]
                await self._child.wait()
        found = diagnose(said.decode("utf-8", "replace"), self._child.code or SSH_FAILED, alias=self.alias)
        return otherwise if found.kind is Kind.UNKNOWN else found

    async def _act(self, act: Callable[[], T]) -> T:
        return await asyncio.wrap_future(self._give(act))

    def _give(self, act: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()

        def fulfil() -> None:
            try:
                result = act()
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
                future.set_exception(error)
            else:
                future.set_result(result)

        self._wanted.put(fulfil)
        return future

    def _greet(self) -> None:
        # paramiko takes a third of a second and 15 MB: only those pay who have such a host.
        from expsyncd.ssh.wire import Wire  # noqa: PLC0415 - see above

        self._wire = Wire(self._stream)

    def _serve(self) -> None:
        while (fulfil := self._wanted.get()) is not None:
            fulfil()
