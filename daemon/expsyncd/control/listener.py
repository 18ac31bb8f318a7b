"""The daemon's end of the control socket: one request a connection, answered by a verb."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

from expsyncd.control.protocol import LONGEST_REQUEST, VERSION, decode, encode, failure
from expsyncd.errors import Error, NeedsUserError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

logger = logging.getLogger(__name__)

REQUEST_WITHIN_S = 5.0
# A reader that takes nothing for this long is stuck (a stopped terminal); the daemon must not wait for it.
WRITE_WITHIN_S = 30.0
SOCKET_MODE = 0o600  # whoever may write to it may connect
LONGEST_PATH = 107  # bytes; the system's own limit of a unix socket's name

Verb = Callable[[dict[str, Any]], AsyncIterator[dict[str, Any]]]


class Listener:
    """Serves `verbs` on a 0600 socket to processes of the same person.

    `write_within_s`: a reader that takes nothing for this long is cut off.
    """

    def __init__(
        self, path: Path, verbs: Mapping[str, Verb], *, write_within_s: float = WRITE_WITHIN_S
    ) -> None:
        self._path = path
        self._verbs = verbs
        self._write_within_s = write_within_s
        self._open: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve until cancelled. Raises Error when another process serves there."""
        listening = await self._bind()
        accepting = await asyncio.start_unix_server(self._serve, sock=listening, limit=LONGEST_REQUEST)
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            # Not `async with accepting`: from Python 3.12 on its end waits for whoever still watches.
            accepting.close()
            self._path.unlink(missing_ok=True)
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _bind(self) -> socket.socket:
        if len(os.fsencode(self._path)) > LONGEST_PATH:
            raise NeedsUserError(
                f"the path of the control socket is too long: {self._path}",
                "set XDG_RUNTIME_DIR to a folder of yours with a shorter path",
            )
        if self._path.exists():
            try:
                _, writer = await asyncio.open_unix_connection(str(self._path))
                writer.close()
            except OSError:
                self._path.unlink(missing_ok=True)  # left by a killed daemon; the lock says it is ours
            else:
                raise Error(f"another process serves {self._path}", "`expsyncd stop` ends it")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            listening.bind(str(self._path))
            # Nobody can connect before it listens. No mask: that would be every thread's, and a folder that
            # one of them makes meanwhile could not be entered.
            self._path.chmod(SOCKET_MODE)
        except OSError:
            listening.close()
            raise
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.set_name("control request")
        self._open.add(task)
        try:
            if same_person(writer.get_extra_info("socket")):
                await self._answer(reader, writer)
                writer.close()
                async with asyncio.timeout(self._write_within_s):
                    await writer.wait_closed()
        except (OSError, TimeoutError, _LeftError, asyncio.CancelledError):
            # The other end went away or takes nothing, or we stop: nobody awaits this task, and asyncio's own
            # callback on it complains about a cancelled one (3.11, 3.12).
            pass
        finally:
            self._open.discard(task)
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(REQUEST_WITHIN_S):
                line = await reader.readline()
            request = decode(line)
            verb = self._verb(request)
        except ValueError:
            await self._send(writer, failure(Error("the request is too long")))
            return
        except Error as error:
            await self._send(writer, failure(error))
            return
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._stream(verb, request, writer), name="control answer")
            leaving = group.create_task(_gone(reader), name="control hang-up")
            await asyncio.wait((answering, leaving), return_when=asyncio.FIRST_COMPLETED)
            answering.cancel()
            leaving.cancel()

    async def _stream(self, verb: Verb, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(_LeftError):
            await self._events(verb, request, writer)

    async def _events(self, verb: Verb, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        last: dict[str, Any] = {}
        try:
            async with contextlib.aclosing(verb(request)) as events:  # type: ignore[type-var]
                async for event in events:
                    if "event" in event:
                        await self._send(writer, event)
                    else:
                        last.update(event)
        except Error as error:
            await self._send(writer, failure(error))
        except _LeftError:
            raise
        except Exception:
            logger.exception("answering %s failed", request.get("do"))
            await self._send(
                writer, failure(Error("the daemon failed to answer", "`expsyncd logs` says more"))
            )
        else:
            await self._send(writer, {"ok": True, **last})

    async def _send(self, writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
        """One line; waits until most of it is taken, so that no more than a line piles up in the daemon."""
        writer.write(encode(message))
        try:
            async with asyncio.timeout(self._write_within_s):
                await writer.drain()
        except (OSError, TimeoutError):
            writer.transport.abort()
            raise _LeftError from None

    def _verb(self, request: dict[str, Any]) -> Verb:
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


async def _gone(reader: asyncio.StreamReader) -> None:
    """Return when the other end hung up (or says more than one request, which nobody needs)."""
    with contextlib.suppress(OSError):
        await reader.read(1)


class _LeftError(Exception):
    """The other end is gone or took nothing for too long; nothing more can be said to it."""
