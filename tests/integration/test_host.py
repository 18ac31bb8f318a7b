"""The loop of a host by itself: that it ends when it is asked to, and makes no attempt that nobody wants."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from expsyncd import supervise
from expsyncd.clock import SystemClock
from expsyncd.config.model import Config, HostConfig
from expsyncd.host import Host
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis
from expsyncd.ssh.probe import Link
from expsyncd.ssh.retry import MOST_ATTEMPTS, Backoff
from support.wait import eventually

WITHIN_S = 5
DOWN = ConnectionProblem(Diagnosis(Kind.REFUSED, "down", ""))

Fake: Any = SimpleNamespace
LEDGER = Fake(asked_at=None)


async def nothing(*_):
    return None


class Line:
    """A connection whose attempts fail, or whose first one works."""

    adopted = False

    def __init__(self, *, works=False):
        self.works = works
        self.over = asyncio.Event()
        self.looks = self.attempts = self.ends = 0

    async def open(self, turn):
        self.looks += 1
        await turn()
        self.attempts += 1
        if not self.works:
            raise DOWN
        return Link(0.0, None, None, "", None, None)

    async def lost(self):
        try:
            await self.over.wait()
        finally:
            self.ends += 1
            if self.ends == 1:
                raise OSError("what goes wrong while it ends")

    async def close(self):
        pass

    def doubt(self, *, soon=False):
        pass

    def forwarding(self):
        return None


def host_of(line, backoff=None):
    clock = SystemClock()
    return Host(
        HostConfig(name="gpu", ssh="gpu", follow=False),
        Config(),
        line,
        backoff or Backoff(random.Random(), clock),
        Fake(),
        Fake(put_host=lambda *_: None),
        clock,
        lambda _: None,
        watched=lambda: False,
        asking=Fake(clock=clock, thread=Fake(run=nothing), ledger=LEDGER),
        last_success={},
    )


@pytest.mark.parametrize("works", [True, False])
async def test_it_ends_whatever_comes_in_the_same_moment(works):
    host = host_of(Line(works=works))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(supervise.keep("gpu", host.run), name="host")
        await eventually(lambda: host.state.status.word == ("connected" if works else "waiting"), WITHIN_S)
        host.request_retry()
        task.cancel()
        await asyncio.wait([task], timeout=WITHIN_S)
        ended = task.done()
        task.cancel()
    assert ended


async def test_wishes_while_it_waits_for_an_attempt():
    clock = SystemClock()
    backoff = Backoff(random.Random(), clock)
    for _ in range(MOST_ATTEMPTS):
        backoff.attempt()
    line = Line()
    host = host_of(line, backoff)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(host.run(), name="host")
        try:
            await eventually(lambda: line.looks == 1, WITHIN_S)
            host.request_retry()
            await eventually(lambda: line.looks == 2, WITHIN_S, "the person may have logged in")
            host.pause()
            await eventually(lambda: host.state.status.word == "paused", WITHIN_S)
        finally:
            task.cancel()
    assert line.attempts == 0


async def test_what_nobody_foresaw_does_not_leave_it_connected_in_status():
    line = Line(works=True)
    host = host_of(line)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(supervise.keep("gpu", host.run, first_s=60.0), name="host")
        try:
            await eventually(lambda: host.state.status.word == "connected", WITHIN_S)
            line.over.set()
            await eventually(lambda: host.state.status.word == "waiting", WITHIN_S)
        finally:
            task.cancel()
    assert "logs" in host.state.status.error.advice
