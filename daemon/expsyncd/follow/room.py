"""Whether a host allows as many sessions at a time as pulls need beside an agent (sshd's MaxSessions)."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error

if TYPE_CHECKING:
    from expsyncd.process import Child

# Two rsyncs, one for metrics and one for the rest, and a command that digests or asks whether the host lives.
NEEDED = 3
ECHO = "exec cat"
ANSWER_S = 10.0
CROWDED = "the host allows few sessions at a time (MaxSessions of its sshd), and pulls need them"


class Starts(Protocol):
    """The part of a connection that is used here."""

    async def start(self, remote: str) -> Child:
        """Start a long-lived command on the host. Raises Error."""
        ...


async def has_room(line: Starts) -> bool:
    """Open as many sessions at once as pulls may need. What does not answer in time says nothing."""
    try:
        async with AsyncExitStack() as stack, asyncio.timeout(ANSWER_S):
            children = [await stack.enter_async_context(await line.start(ECHO)) for _ in range(NEEDED)]
            answers = [await _answers(child) for child in children]
            for child in children:
                await child.feed(b"")
    except (TimeoutError, Error):
        return True
    return all(answers)


async def _answers(child: Child) -> bool:
    await child.write(b"there\n")
    async for content in child.chunks():
        if b"there" in content:
            return True
    return False
