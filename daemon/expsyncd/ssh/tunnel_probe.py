"""A look through a tunnel from its local end: what answers there."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from enum import StrEnum

ANSWER_WITHIN_S = 4.0  # a TensorBoard that loads a big run answers within a second or two
CONNECT_WITHIN_S = 2.0  # to our own machine
ENOUGH = 64  # bytes; the first few tell HTTP from others
QUESTION = b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: expsyncd\r\nConnection: close\r\n\r\n"


class Heard(StrEnum):
    """What came back."""

    HTTP = "http"
    TALKS = "talks"  # something else than HTTP
    SILENT = "silent"  # stays open, says nothing
    CLOSED = "closed"  # hung up at once
    HUNG_UP = "hung-up"  # stayed open until it was asked for HTTP
    NOBODY = "nobody"  # no tunnel at the local end


async def look(
    address: str, port: int, *, listen_s: float, asks: bool = True, answer_s: float = ANSWER_WITHIN_S
) -> Heard:
    """Connect, listen for `listen_s`, then ask for a page (`asks`) and wait `answer_s`.

    `listen_s` must be longer than a round trip to the host: a port that is closed there shows only by then.
    """
    try:
        async with asyncio.timeout(CONNECT_WITHIN_S):
            reader, writer = await asyncio.open_connection(address, port)
    except (OSError, TimeoutError):
        return Heard.NOBODY
    try:
        if listen_s > 0 and (first := await _read(reader, listen_s)) is not None:
            return Heard.TALKS if first else Heard.CLOSED
        if not asks:
            return Heard.SILENT
        with suppress(OSError):
            writer.write(QUESTION % port)
            await writer.drain()
        answer = await _read(reader, answer_s)
        if answer is None:
            return Heard.SILENT
        if answer.startswith(b"HTTP/"):
            return Heard.HTTP
        if answer:
            return Heard.TALKS
        return Heard.HUNG_UP if listen_s > 0 else Heard.CLOSED
    finally:
        writer.transport.abort()


async def _read(reader: asyncio.StreamReader, limit_s: float) -> bytes | None:
    """What comes first; empty when it is closed or reset; None when nothing came in time."""
    try:
        async with asyncio.timeout(limit_s):
            return await reader.read(ENOUGH)
    except TimeoutError:
        return None
    except OSError:
        return b""
