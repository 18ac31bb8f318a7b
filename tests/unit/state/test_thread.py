import asyncio
import threading

import pytest

from expsyncd.state.thread import DatabaseThread
from support.wait import eventually


@pytest.fixture
async def thread():
    found = DatabaseThread()
    yield found
    await found.close()


async def test_one_thread_in_order(thread):
    seen = []

    def note(number):
        seen.append((number, threading.current_thread().name))
        return number

    assert await asyncio.gather(*(thread.run(note, n) for n in range(50))) == list(range(50))
    assert seen == [(n, "database") for n in range(50)]


async def test_exceptions_are_the_caller_s_and_the_thread_goes_on(thread):
    with pytest.raises(ZeroDivisionError):
        await thread.run(lambda: 1 / 0)
    with pytest.raises(SystemExit):
        await thread.run(lambda: exec("raise SystemExit"))
    assert await thread.run(int, "7") == 7


async def test_a_cancelled_caller_stops_nothing(thread):
    go = threading.Event()
    done: list[str] = []
    first = asyncio.get_running_loop().create_task(thread.run(go.wait, 10))
    second = asyncio.get_running_loop().create_task(thread.run(done.append, "second"))
    await asyncio.sleep(0)
    first.cancel()
    second.cancel()
    ended = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(one) for one in ended] == [asyncio.CancelledError] * 2
    assert done == []
    go.set()
    assert await thread.run(len, done) == 1


async def test_close_finishes_what_was_given(thread):
    done: list[int] = []
    waiting = [asyncio.get_running_loop().create_task(thread.run(done.append, n)) for n in range(20)]
    await asyncio.sleep(0)
    await thread.close()
    await asyncio.gather(*waiting)
    assert done == list(range(20))
    with pytest.raises(RuntimeError):
        await thread.run(done.append, 1)
    await thread.close()


async def test_close_has_a_deadline_and_says_so(caplog):
    thread, go = DatabaseThread(), threading.Event()
    stuck = asyncio.get_running_loop().create_task(thread.run(go.wait, 10))
    await asyncio.sleep(0)
    await thread.close(within_s=0.05)
    assert "did not finish" in caplog.text
    go.set()
    assert await stuck
    await eventually(lambda: not thread._thread.is_alive(), within=5)
