"""One life of an agent, without one: a far end that takes nothing, and what it says beside a pull."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from expsyncd.clock import SystemClock
from expsyncd.errors import first_of
from expsyncd.follow.agent.stream import HEAD, MAGIC
from expsyncd.follow.conversation import ANSWER_S, Conversation, Silent
from expsyncd.follow.followed import Followed
from expsyncd.follow.frames import Check, Chunk
from expsyncd.pull.leases import Leases
from expsyncd.pull.rhythm import Rhythm
from expsyncd.pull.source import Source

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


class Keeper:
    """Of a source that is never pulled."""

    def __init__(self):
        self.source = Source("gpu", "logs", "/logs")
        self.rhythm = Rhythm(SystemClock(), timedelta(minutes=15))
        self.wishes: list[Any] = []

    def followed(self, follow):
        pass

    def request_paths(self, paths):
        self.wishes.append(paths)


async def test_a_comparison_that_says_nothing_keeps_no_file_from_a_pull(tmp_path):
    keeper: Any = Keeper()
    followed = Followed(keeper, SystemClock(), 60.0)
    followed.folder = bytes(tmp_path)
    tools: Any = SimpleNamespace(room=lambda: None, ground=SimpleNamespace(check=lambda: None))
    child: Any = None
    leases = Leases()
    talk = Conversation(child, {1: followed}, leases, tools, SystemClock(), lambda: None)
    began_s = asyncio.get_running_loop().time()
    (tmp_path / "m.csv").write_bytes(b"a line that is not all of it")
    await talk._land([Check(1, b"m.csv", 100, "0" * 64)])
    assert await leases.take("logs", [b"m.csv"], began_s) == {b"m.csv"}


async def test_empty_files_count_as_files(tmp_path):
    keeper: Any = Keeper()
    keeper.source = replace(keeper.source, max_entries=3)
    followed = Followed(keeper, SystemClock(), 60.0)
    followed.folder = bytes(tmp_path)
    tools: Any = SimpleNamespace(room=lambda: None, ground=SimpleNamespace(check=lambda: None))
    child: Any = None
    talk = Conversation(child, {1: followed}, Leases(), tools, SystemClock(), lambda: None)
    nothing = hashlib.sha256().hexdigest()
    await talk._land(
        [Chunk(1, b"%d.csv" % n, 0, nothing, 0, 5, 1, 0, live=False, payload=b"") for n in range(3)]
    )
    assert len(list(tmp_path.iterdir())) == 3
    assert keeper.wishes == [None], "only a whole pull counts them"


async def test_what_was_written_when_it_was_cut_off_is_left_out_of_a_pull_that_listed_before(tmp_path):
    keeper: Any = Keeper()
    followed = Followed(keeper, SystemClock(), 60.0)
    followed.folder = bytes(tmp_path)
    begun, go_on = threading.Event(), threading.Event()

    def room():
        begun.set()
        go_on.wait(10)

    tools: Any = SimpleNamespace(room=room, ground=SimpleNamespace(check=lambda: None))
    child: Any = None
    leases = Leases()
    talk = Conversation(child, {1: followed}, leases, tools, SystemClock(), lambda: None)
    began_s = asyncio.get_running_loop().time()
    nothing = hashlib.sha256().hexdigest()
    chunk = Chunk(1, b"m.csv", 0, nothing, 0, 5, 7, 6, live=False, payload=b"line 1")
    landing = asyncio.get_running_loop().create_task(talk._land([chunk]))
    await asyncio.to_thread(begun.wait, 10)
    landing.cancel()
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await landing
    assert (tmp_path / "m.csv").read_bytes() == b"line 1"
    assert await leases.take("logs", [b"m.csv"], began_s) == frozenset()
