import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from expsyncd import schedule as module
from expsyncd.config.model import Cron, Every
from expsyncd.schedule import Schedule
from expsyncd.supervise import keep
from support.wait import eventually


class FakeClock:
    def __init__(self):
        self.wall = datetime(2026, 1, 1, tzinfo=UTC)
        self.steady = 100.0

    def now(self):
        return self.wall

    def monotonic(self):
        return self.steady


@pytest.fixture
async def running(monkeypatch):
    monkeypatch.setattr(module, "TICK_S", 0.01)
    clock = FakeClock()
    woken = []
    found = Schedule(clock, lambda: woken.append(1))
    task = asyncio.get_running_loop().create_task(found.run())
    await asyncio.sleep(0)
    yield found, clock, woken
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_wishes_are_made_again_and_again(running):
    schedule, _, _ = running
    wishes = []
    schedule.arm("a", Every(period=timedelta(seconds=0.05)), lambda: wishes.append(1), spread_by="gpu")
    await eventually(lambda: len(wishes) >= 3, 5)
    schedule.disarm("a")
    schedule.disarm("a")
    assert schedule.next_at("a") is None


async def test_the_first_wish_falls_into_the_second_half_of_the_period_by_a_hash(running):
    schedule, _, _ = running
    now = datetime.now(UTC)
    firsts = []
    for name in ("gpu1", "gpu2", "gpu3"):
        schedule.arm(name, Every(period=timedelta(seconds=60)), lambda: None, spread_by=name)
        firsts.append((schedule.next_at(name) - now).total_seconds())
    assert all(29 <= first <= 61 for first in firsts)
    assert len({round(first) for first in firsts}) == 3


async def test_started_again_after_a_failure_it_still_makes_the_wishes(monkeypatch):
    monkeypatch.setattr(module, "TICK_S", 0.01)
    clock, failures = FakeClock(), [OSError("of whoever hears of the wake")]

    def wake():
        if failures:
            raise failures.pop()

    def sleeps():
        if failures:  # not once more, since each wake arms the wishes
            clock.wall += timedelta(hours=1)
        return not failures

    schedule, wishes = Schedule(clock, wake), []
    schedule.arm("a", Every(period=timedelta(seconds=0.05)), lambda: wishes.append(1), spread_by="gpu")
    async with asyncio.TaskGroup() as group:
        task = group.create_task(keep("schedule", schedule.run, first_s=0.001), name="schedule")
        await eventually(sleeps, 5)
        wishes.clear()
        try:
            await eventually(lambda: wishes, 5)
        finally:
            task.cancel()


async def test_cron_lines(running):
    schedule, _, _ = running
    schedule.arm("a", Cron(line="30 3 * * *"), lambda: None, spread_by="a")
    assert (schedule.next_at("a").hour, schedule.next_at("a").minute) == (3, 30)


async def test_keep_only(running):
    schedule, _, _ = running
    for key in ("a", "b", "c"):
        schedule.arm(key, Every(period=timedelta(seconds=60)), lambda: None, spread_by=key)
    schedule.keep_only({"b"})
    assert [schedule.next_at(key) is not None for key in ("a", "b", "c")] == [False, True, False]


@pytest.mark.parametrize(
    "step", [timedelta(hours=8), timedelta(hours=1), timedelta(hours=-1), timedelta(seconds=-6)]
)
async def test_a_jump_of_the_clock_wakes_once_and_rearms(running, step):
    schedule, clock, woken = running
    schedule.arm("a", Every(period=timedelta(seconds=60)), lambda: None, spread_by="a")
    before = schedule.next_at("a")
    ticked = schedule.ticked_at
    clock.steady += 1
    await eventually(lambda: schedule.ticked_at > ticked, 5)
    assert woken == []
    clock.wall += step
    await eventually(lambda: woken == [1], 5)
    ticked = schedule.ticked_at
    clock.steady += 1
    clock.wall += timedelta(seconds=1)
    await eventually(lambda: schedule.ticked_at > ticked, 5)
    assert woken == [1]
    assert schedule.next_at("a") >= before


async def test_both_clocks_moving_on_is_no_jump(running):
    schedule, clock, woken = running
    clock.steady += 3600
    clock.wall += timedelta(hours=1)
    await eventually(lambda: schedule.ticked_at == clock.steady, 5)
    assert woken == []
