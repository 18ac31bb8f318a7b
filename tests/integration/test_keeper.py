"""One source over time, without a daemon: what its keeper still owes, and what status says meanwhile."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from expsyncd.clock import SystemClock
from expsyncd.errors import Error
from expsyncd.pull.audit import slice_of
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.keeper import SourceKeeper
from expsyncd.pull.rhythm import Rhythm
from expsyncd.pull.source import Lanes, Source
from expsyncd.state.status import Fresh, SourceState
from support.place import content
from support.pulls import world
from support.wait import eventually

pytestmark = [pytest.mark.timeout(60)]


class Held:
    """A reach whose carriers do one thing as they do, and then wait until `go` is set."""

    def __init__(self, reach, method, when=lambda *_: True):
        self.go = asyncio.Event()
        self.waits = asyncio.Event()
        self._reach = reach
        self._method = method
        self._when = when

    def __getattr__(self, name):
        return getattr(self._reach, name)

    def carrier(self, *words):
        carrier = self._reach.carrier(*words)
        does = getattr(carrier, self._method)

        async def held(*args, **options):
            found = await does(*args, **options)
            if self._when(*args):
                self.waits.set()
                await self.go.wait()
            return found

        setattr(carrier, self._method, held)
        return carrier


@asynccontextmanager
async def kept(found, reach):
    clock = SystemClock()
    rhythm = Rhythm(clock, timedelta(minutes=15))
    keeper = SourceKeeper(
        Source("gpu", "there", str(found.there)), found.tools, Lanes(), clock, SourceState(str(found.there)),
        lambda _name, _state: None, lambda _event: None, rhythm=rhythm,
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(keeper.run(reach))
        try:
            yield keeper
        finally:
            serving.cancel()


async def test_a_file_that_is_named_while_a_pass_has_it_comes_after_that(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        (found.there / "a.png").write_bytes(b"old")
        reach = Held(found.reach, "bring", lambda wanted, name: bool(wanted) and name == "small")
        async with kept(found, reach) as keeper:
            keeper.request()
            await asyncio.wait_for(reach.waits.wait(), 20)
            (found.there / "a.png").write_bytes(b"written again")
            keeper.request_paths({b"a.png": 13})
            await eventually(lambda: not keeper._named.waiting, 20, "the round of the named file")
            reach.go.set()
            await eventually(lambda: content(found.here) == content(found.there), 20, "what was named")
            await eventually(lambda: isinstance(keeper.state.status, Fresh), 20, "a fresh source")


async def test_what_the_agent_confirms_while_a_pull_looks_is_not_believed(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        reach = Held(found.reach, "listing")
        reach.go.set()
        async with kept(found, reach) as keeper:
            keeper.request()
            fresh = await eventually(lambda: keeper.state.status.word == "fresh", 20) and keeper.state.status
            reach.go.clear()
            reach.waits.clear()
            (found.there / "large.bin").write_bytes(b"not here yet")
            keeper.request()
            await asyncio.wait_for(reach.waits.wait(), 20)
            keeper.confirm(SystemClock().now())
            assert keeper.state.status == fresh
            reach.go.set()
            await eventually(lambda: content(found.here) == content(found.there), 20)


class Full:
    """Facts that take no record of a pull while they are `full`."""

    def __init__(self, facts):
        self.full = True
        self._facts = facts

    def __getattr__(self, name):
        return getattr(self._facts, name)

    def add_pull(self, record):
        if self.full:
            raise Error("there is no room left for facts.db", "make room on its disk")
        self._facts.add_pull(record)


async def test_a_pull_that_cannot_be_recorded_is_told_and_tried_again(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        facts: Any = Full(found.tools.facts)
        found.tools = replace(found.tools, facts=facts)
        (found.there / "a.png").write_bytes(b"a")
        async with kept(found, found.reach) as keeper:
            keeper.request()
            stale = await eventually(lambda: keeper.state.last_pull and keeper.state.status, 20)
            assert (stale.word, stale.cause.title) == ("stale", "there is no room left for facts.db")
            assert keeper.state.last_pull.outcome == "retry"
            (found.there / "b.png").write_bytes(b"b")
            keeper.request_paths({b"b.png": 1})
            await eventually(lambda: content(found.here) == content(found.there), 20)
            facts.full = False
            keeper.request()
            await eventually(lambda: keeper.state.status.word == "fresh", 20)


async def about_to_replace(found):
    """A pull whose next pass replaces a small image and, slowly, a large one."""
    for name, size in (("a.png", 10), ("b.png", 4_000_000)):
        (found.there / name).write_bytes(b"old" * size)
    await found.settled()
    for name, size in (("a.png", 10), ("b.png", 4_000_000)):
        (found.there / name).write_bytes(os.urandom(size))
    pull = found.new(bwlimit=400_000)
    await pull.look()
    await pull.metrics()
    return pull


async def test_old_bytes_of_a_pass_that_broke_are_known_at_once(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        pull = await about_to_replace(found)
        async with asyncio.TaskGroup() as group:
            bringing = group.create_task(ended(pull.bulk()))
            await eventually(lambda: (found.here / "a.png").stat().st_size == 10, 20, "the first of them")
            kill(found.ground.paths.incoming)
        assert isinstance(bringing.result(), Stopped)
        versions = await found.tools.thread.run(found.tools.facts.versions)
        assert [(version.path, version.reason) for version in versions] == [(b"a.png", "shrunk")]
        assert pull.kept == 1


async def test_old_bytes_of_a_pass_that_was_cut_off_are_known_after_the_next_pull(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        pull = await about_to_replace(found)
        bringing = asyncio.get_running_loop().create_task(pull.bulk())
        await eventually(lambda: (found.here / "a.png").stat().st_size == 10, 20, "the first of them")
        bringing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await bringing
        await found.settled()
        versions = await found.tools.thread.run(found.tools.facts.versions)
        assert sorted((version.path, version.reason) for version in versions) == [
            (b"a.png", "shrunk"), (b"b.png", "shrunk")
        ]  # fmt: skip
        assert not found.tools.unsettled


async def ended(work):
    try:
        await work
    except Stopped as stopped:
        return stopped


def kill(temporary):
    """The rsync that brings to below this folder, which is one of this test's own."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if f"--temp-dir={temporary}".encode() in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGKILL)


async def test_an_audit_that_is_wished_while_a_pull_lists_is_made_after_it(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        file = found.there / "a.png"
        file.write_bytes(b"old")
        reach = Held(found.reach, "listing")
        async with kept(found, reach) as keeper:
            keeper.request()
            reach.go.set()
            await eventually(lambda: keeper.state.status.word == "fresh", 20)
            status = file.stat()
            file.write_bytes(b"new")
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
            reach.go.clear()
            reach.waits.clear()
            keeper.request()
            await asyncio.wait_for(reach.waits.wait(), 20)
            keeper.request_audit(slice_of(b"a.png"))
            reach.go.set()
            await eventually(lambda: content(found.here) == content(found.there), 10)
