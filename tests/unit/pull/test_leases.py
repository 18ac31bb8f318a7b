"""Two writers never have one file: passes wait for the follower, and the follower leaves theirs alone."""

from __future__ import annotations

import asyncio

import pytest

from expsyncd.pull.leases import Leases


def now():
    return asyncio.get_running_loop().time()


async def test_what_a_pass_has_is_held_until_released():
    leases, released = Leases(), []
    leases.on_release = lambda source, paths: released.append((source, paths))
    held = await leases.take("logs", [b"a", b"b"], now())
    assert held == {b"a", b"b"}
    assert leases.held(("logs", b"a"))
    assert not leases.held(("other", b"a"))
    leases.release("logs", held)
    assert not leases.held(("logs", b"a"))
    assert released == [("logs", frozenset({b"a", b"b"}))]


async def test_what_was_written_since_the_listing_is_not_taken():
    leases = Leases()
    began = now()
    leases.begin(frozenset({("logs", b"a")}))
    leases.end([("logs", b"a")])
    assert await leases.take("logs", [b"a", b"b"], began) == {b"b"}
    assert not leases.held(("logs", b"a"))
    assert await leases.take("logs", [b"a"], now() + 1) == {b"a"}


async def test_a_pass_waits_for_the_writer():
    leases = Leases()
    leases.begin(frozenset({("logs", b"a")}))
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(leases.take("logs", [b"a"], now() + 1))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not taking.done()
        assert leases.held(("logs", b"a")), "no further chunk may begin meanwhile"
        leases.end([])
    assert taking.result() == {b"a"}


async def test_one_who_stops_waiting_holds_nothing():
    leases = Leases()
    leases.begin(frozenset({("logs", b"a")}))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(leases.take("logs", [b"a"], now()), 0.01)
    assert not leases.held(("logs", b"a"))


async def test_two_passes_may_hold_the_same():
    leases = Leases()
    first = await leases.take("logs", [b"a"], now())
    second = await leases.take("logs", [b"a"], now())
    leases.release("logs", first)
    assert leases.held(("logs", b"a"))
    leases.release("logs", second)
    assert not leases.held(("logs", b"a"))


async def test_what_was_kept_from_the_follower_while_a_pass_waited_is_told():
    leases, released = Leases(), []
    leases.on_release = lambda source, paths: released.append((source, paths))
    began = now()
    leases.begin(frozenset({("logs", b"a")}))
    async with asyncio.TaskGroup() as group:
        taking = group.create_task(leases.take("logs", [b"a"], began))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        leases.end([("logs", b"a")])
        assert leases.held(("logs", b"a")), "the next chunk, which is here already, is dropped"
    assert taking.result() == frozenset()
    assert released == [("logs", frozenset({b"a"}))]


async def test_what_was_kept_from_the_follower_by_one_who_stops_waiting_is_told():
    leases, released = Leases(), []
    leases.on_release = lambda source, paths: released.append((source, paths))
    leases.begin(frozenset({("logs", b"a")}))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(leases.take("logs", [b"a"], now()), 0.01)
    assert released == [("logs", frozenset({b"a"}))]
