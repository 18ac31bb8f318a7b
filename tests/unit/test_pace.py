import asyncio

import pytest

from expsyncd.pace import next_due, rest, wished


@pytest.mark.parametrize(
    ("now", "every", "due"), [(0.0, 2.0, 2.0), (7.9, 2.0, 8.0), (8.0, 2.0, 10.0), (8.1, 5.0, 10.0)]
)
def test_timers_fall_on_multiples(now, every, due):
    assert next_due(now, every) == due


async def test_a_rest_ends_on_the_grid():
    loop = asyncio.get_running_loop()
    began = loop.time()
    await rest(0.05)
    assert began // 0.05 < loop.time() // 0.05


async def test_a_rest_on_a_finer_grid_keeps_its_length():
    loop = asyncio.get_running_loop()
    began = loop.time()
    await rest(0.3, on_s=0.1)
    assert loop.time() - began > 0.19


async def test_a_wait_says_whether_the_wish_came_first():
    loop = asyncio.get_running_loop()
    wish = asyncio.Event()
    assert not await wished(wish, loop.time() + 0.01)
    assert wish.is_set()
    wish.clear()
    assert not await wished(wish, loop.time() - 1)
    wish.clear()
    loop.call_soon(wish.set)
    assert await wished(wish, loop.time() + 600)
    assert await wished(wish, loop.time() - 1), "it was set already"


async def test_a_cancelled_wait_leaves_no_timer():
    loop = asyncio.get_running_loop()
    wish = asyncio.Event()
    waiting = loop.create_task(wished(wish, loop.time() + 0.02))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await rest(0.1)
    await rest(0.1)
    assert not wish.is_set()
