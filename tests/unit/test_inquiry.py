import asyncio
import logging
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from expsyncd.inquiry import LONGEST_S, Inquiry, Told, first_word
from expsyncd.state.status import Trouble
from support.wait import eventually

DEAD = Told(Trouble("dead", "wait"), failed=True)


class Time:
    def __init__(self):
        self.at = datetime(2026, 11, 26, tzinfo=UTC)

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


def inquiry(answers, pause=timedelta(seconds=60)):
    clock = Time()
    asked = []

    async def ask():
        asked.append(clock.now())
        await asyncio.sleep(0)
        return answers.pop(0) if answers else Told()

    return Inquiry("hpc, Slurm", clock, ask, lambda: pause), clock, asked


async def ran(found):
    """Let it ask what is due."""
    with suppress(TimeoutError):
        await asyncio.wait_for(found.run(), 0.02)


async def test_it_asks_at_once_and_then_not_before_the_pause_is_over():
    found, clock, asked = inquiry([])
    await ran(found)
    await ran(found)  # another connection
    assert len(asked) == 1
    assert found.left_s() == 60.0
    clock.at += timedelta(seconds=60)
    await ran(found)
    assert len(asked) == 2


async def test_what_fails_is_asked_less_and_less_and_told_once(caplog):
    found, clock, asked = inquiry([DEAD, DEAD, DEAD])
    caplog.set_level(logging.INFO)
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(found.run())
        for number, expected_s in enumerate((120.0, 240.0, 480.0, 60.0), start=1):
            await eventually(lambda n=number, s=expected_s: len(asked) == n and found.left_s() == s, within=5)
            clock.at += timedelta(seconds=expected_s)
            found._changed.set()
        asking.cancel()
    said = [record.message for record in caplog.records]
    assert said == ["hpc, Slurm: dead (wait)", "hpc, Slurm: answers again"]


async def test_a_question_in_vain_waits_longest():
    found, _, _ = inquiry([Told(Trouble("missing"), failed=True, hopeless=True)])
    await ran(found)
    assert found.left_s() == LONGEST_S


async def test_another_config_ends_the_waiting():
    found, _, _ = inquiry([DEAD])
    await ran(found)
    found.look()
    assert found.left_s() == 60.0


async def test_a_clock_that_was_set_back_is_no_reason_to_wait_longer():
    found, clock, _ = inquiry([])
    await ran(found)
    clock.at -= timedelta(days=1)
    assert found.left_s() == 60.0


async def test_nothing_is_asked_without_a_pause():
    found, _, asked = inquiry([], None)
    await ran(found)
    assert (asked, found.left_s()) == ([], None)


def test_what_a_host_says_in_place_of_an_answer():
    assert first_word(" \n") == "it said nothing"
    assert first_word("\nno such account\nmore\n") == "no such account"
    assert first_word("+ export WANDB_API_KEY=opensesame\n") == "+ export WANDB_API_KEY=[redacted]"
    assert len(first_word("x" * 5000)) == 200
