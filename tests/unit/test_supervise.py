import asyncio
import logging

import pytest

from expsyncd.errors import NeedsUserError
from expsyncd.supervise import cancels, either, heed_cancel, keep


class Failing:
    def __init__(self, *errors):
        self.errors = list(errors)
        self.runs = 0

    async def run(self):
        self.runs += 1
        if self.errors:
            raise self.errors.pop(0)


async def test_it_is_started_again_and_each_failure_is_logged_once(caplog):
    caplog.set_level(logging.ERROR)
    service = Failing(ValueError("a"), ValueError("a"), ValueError("b"))
    await keep("x", service.run, first_s=0.001)
    assert service.runs == 4
    assert [record.message for record in caplog.records] == ["x failed; it is started again"] * 2


async def test_what_only_the_person_can_mend_passes_through():
    with pytest.raises(NeedsUserError):
        await keep("x", Failing(NeedsUserError("t")).run)


async def test_also_out_of_a_services_own_tasks():
    group = ExceptionGroup("tasks", [ExceptionGroup("inner", [NeedsUserError("t")])])
    with pytest.raises(ExceptionGroup):
        await keep("x", Failing(group).run)
    service = Failing(ExceptionGroup("tasks", [ValueError("v")]))
    await keep("x", service.run, first_s=0.001)
    assert service.runs == 2


async def test_a_cancellation_passes_through():
    async def forever():
        await asyncio.Event().wait()

    task = asyncio.get_running_loop().create_task(keep("x", forever))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("told_to_end", [True, False])
async def test_a_service_that_fails_as_it_ends_is_not_started_again(told_to_end):
    runs, up = 0, asyncio.Event()

    async def fails():
        up.set()
        try:
            if told_to_end:
                await asyncio.Event().wait()
        finally:
            raise OSError

    async def run():
        nonlocal runs
        runs += 1
        if runs == 1:
            async with asyncio.TaskGroup() as group:
                group.create_task(fails(), name="fails")

    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep("x", run, first_s=0.001), name="x")
        await up.wait()
        if told_to_end:
            task.cancel()
        await asyncio.wait([task])
    assert (task.cancelled(), runs) == ((True, 1) if told_to_end else (False, 2))


@pytest.mark.parametrize("cancelled", [True, False])
async def test_an_error_in_a_group_does_not_swallow_the_cancel(cancelled):
    rounds = 0

    async def fails():
        if cancelled:
            asyncio.get_running_loop().call_soon(task.cancel)  # both in the same turn of the loop
        await asyncio.sleep(0)
        raise OSError

    async def goes_on():
        nonlocal rounds
        while rounds < 3:
            rounds += 1
            mark = cancels()
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(fails(), name="fails")
                    await asyncio.Event().wait()
            except* OSError:
                pass
            heed_cancel(mark)

    async with asyncio.TaskGroup() as group:
        task = group.create_task(goes_on(), name="goes on")
        await asyncio.wait([task])
    assert (task.cancelled(), rounds) == ((True, 1) if cancelled else (False, 3))


async def test_the_first_of_two_waits_ends_both():
    wish, ended = asyncio.Event(), []

    async def other():
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(True)

    asyncio.get_running_loop().call_soon(wish.set)
    await either(wish.wait(), other())
    assert ended == [True]
