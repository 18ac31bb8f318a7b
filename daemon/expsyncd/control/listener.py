"""The daemon's end of the control socket: one request a connection, answered by a verb."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from typing import TYPE_CHECKING, Any

from expsyncd.control.protocol import LONGEST_REQUEST, VERSION, decode, encode, failure
from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

REQUEST_WITHIN_S = 5.0
# A reader that takes nothing for this long is stuck (a stopped terminal); the daemon must not wait for it.
WRITE_WITHIN_S = 30.0
BUFFER = 1 << 20


class Listener:
    """Serves `verbs` on a 0600 socket to processes of the same person."""

    def __init__(
        self, path: Path, verbs: Mapping[str, Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]]]
    ) -> None:
        self._path = path
        self._verbs = verbs
        self._open: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled. Raises Error when another process serves there."""
        listening = await self._bind()
        accepting = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST_REQUEST)
        try:
            async with accepting:
                await accepting.serve_forever()
        finally:
            for task in list(self._open):
                task.cancel()
            self._path.unlink(missing_ok=True)

    async def _bind(self) -> socket.socket:
        if self._path.exists():
            try:
                _, writer = await asyncio.open_unix_connection(str(self._path))
                writer.close()
            except OSError:
                self._path.unlink(missing_ok=True)  # left by a killed daemon; the lock says it is ours
            else:
                raise Error(f"another process serves {self._path}", "`expsyncd stop` ends it")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        mask = os.umask(0o177)
        try:
            listening.bind(str(self._path))
        finally:
            os.umask(mask)
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        try:
            if same_person(writer.get_extra_info("socket")):
                await self._answer(reader, writer)
        except (ConnectionError, TimeoutError, asyncio.IncompleteReadError):
            pass  # the other end went away
        finally:
            self._open.discard(task)
            writer.close()
            with contextlib.suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(1):
                    await writer.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN_S):
                line = await reader.readline()
            request = decode(line)
            verb = self._verb(request)
        except ValueError:
            await _send(writer, failure(Error("the request is too long")))
            return
        except Error as error:
            await _send(writer, failure(error))
            return
        answering = asyncio.ensure_future(self._stream(verb, request, writer))  # noqa: TID251 - raced and awaited right here
        leaving = asyncio.ensure_future(reader.read(1))  # noqa: TID251 - tells that the other end hung up
        try:
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                answering.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await answering
        finally:
            for one in (answering, leaving):
                one.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)

    async def _stream(
        self,
        verb: Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]],
        request: dict[str, Any],
        writer: asyncio.StreamWriter,
    ) -> None:
        try:
            last: dict[str, Any] = {}
            async with contextlib.aclosing(verb(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    if "event" in event:
                        await _send(writer, event)
                    else:
                        last.update(event)
            await _send(writer, {"ok": True, **last})
        except Error as error:
            await _send(writer, failure(error))
        except (ConnectionError, TimeoutError):
            raise
        except Exception:
            logger.exception("answering %s failed", request.get("do"))
            await _send(writer, failure(Error("the daemon failed to answer", "`expsyncd logs` says more")))

    def _verb(self, request: dict[str, Any]) -> Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]]:
        if request.get("v") != VERSION:
            raise Error(
                f"the daemon speaks protocol {VERSION}, this command {request.get('v')}",
                "restart the daemon: systemctl --user restart expsyncd",
            )
        verb = self._verbs.get(str(request.get("do")))
        if verb is None:
            raise Error(
                f"the daemon knows no request {str(request.get('do'))[:40]!r}", "is it older? restart it"
            )
        return verb


def same_person(connection: socket.socket) -> bool:
    """Whether the other end runs as us; where the system cannot say, the socket's mode has to do."""
    if not hasattr(socket, "SO_PEERCRED"):
        return True
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, uid, _ = struct.unpack("3i", credentials)
    return bool(uid == os.getuid())


async def _send(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    writer.write(encode(message))
    if writer.transport.get_write_buffer_size() > BUFFER:
        raise TimeoutError
    async with asyncio.timeout(WRITE_WITHIN_S):
        await writer.drain()
