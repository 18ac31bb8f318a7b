"""One life of an agent, without one: what becomes of a far end that takes nothing."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from expsyncd.clock import SystemClock
from expsyncd.errors import first_of
from expsyncd.follow.agent.stream import HEAD, MAGIC
from expsyncd.follow.conversation import ANSWER_S, Conversation, Silent
from expsyncd.pull.leases import Leases

HELLO = b'{"t":"hello","pid":1,"python":"3.11.7"}'


class Child:
    """Says hello and takes no word."""

    def __init__(self):
        self.written_to = asyncio.Event()

    async def chunks(self):
        yield MAGIC + HEAD.pack(len(HELLO), 0) + HELLO
        await asyncio.Event().wait()

    async def write(self, _data):
        self.written_to.set()
        await asyncio.Event().wait()


async def test_an_agent_that_takes_nothing_does_not_answer(monkeypatch):
    loop, later_s = asyncio.get_running_loop(), [0.0]
    real = loop.time
    monkeypatch.setattr(loop, "time", lambda: real() + later_s[0])
    child: Any = Child()
    tools: Any = None
    talk = Conversation(child, {}, Leases(), tools, SystemClock(), lambda: None)

    async def talk_for_long():
        async with asyncio.TaskGroup() as group:
            talking = group.create_task(talk.run())
            await child.written_to.wait()
            later_s[0] = ANSWER_S + 1
            await asyncio.wait([talking], timeout=1)
            talking.cancel()

    with pytest.raises(ExceptionGroup) as found:
        await talk_for_long()
    assert isinstance(first_of(found.value), Silent)
