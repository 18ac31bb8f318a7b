"""What is begun in a thread comes to its end before its caller goes on."""

import asyncio
import threading

import pytest

from expsyncd.threads import to_its_end


async def test_what_it_returns_and_raises_is_the_callers():
    assert await to_its_end(lambda: 7) == 7
    with pytest.raises(ZeroDivisionError):
        await to_its_end(lambda: 1 // 0)


@pytest.mark.parametrize("fails", [False, True])
async def test_who_is_cancelled_even_twice_waits_for_the_end(fails):
    begun, may_end, ended = asyncio.Event(), threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def work():
        loop.call_soon_threadsafe(begun.set)
        may_end.wait(10)
        ended.set()
        if fails:
            raise OSError("seen by nobody")

    task = asyncio.get_running_loop().create_task(to_its_end(work))
    await begun.wait()
    for _ in range(2):
        task.cancel()
        for _ in range(3):
            await asyncio.sleep(0)
        assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()
