import asyncio
import math

import pytest

from expsyncd.errors import Error
from expsyncd.process import Completed
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.command import ALIVE_COUNT, ALIVE_EVERY_S
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis
from expsyncd.ssh.hello import ANSWER_TIMEOUT_S, FAILURES_MEAN_DEAF, LOOK_EVERY_S, STILL_S
from expsyncd.ssh.pulse import (
    ADOPTED_ROUND_TRIP_EVERY_S,
    FAILURES_MEAN_LOST,
    ROUND_TRIP_TIMEOUT_S,
    SOON_S,
    Pulse,
)
from support.wait import eventually


def _answer(*, timed_out: bool = False) -> Completed:
    return Completed(0, b"", b"", timed_out=timed_out)


class Asked:
    """Answers with what it is given, in turn; the last one for ever."""

    def __init__(self, *answers: Completed | Error) -> None:
        self.answers = list(answers)
        self.count = 0
        self.timeouts: list[float] = []

    async def __call__(self, remote: str, *, timeout_s: float) -> Completed:
        assert remote == "true"
        self.timeouts.append(timeout_s)
        self.count += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Error):
            raise answer
        return answer


async def test_two_silences_in_a_row_are_the_end():
    asked = Asked(_answer(timed_out=True))
    pulse = Pulse(asked, every_s=0, timeout_s=1)
    await asyncio.wait_for(pulse.stopped(adopted=False), 5)
    assert asked.count == FAILURES_MEAN_LOST
    assert asked.timeouts == [1, 1]


async def test_one_silence_is_forgiven():
    asked = Asked(_answer(timed_out=True), _answer(), Error("no ssh"), _answer(timed_out=True))
    pulse = Pulse(asked, every_s=0, timeout_s=1)
    await asyncio.wait_for(pulse.stopped(adopted=True), 5)
    assert asked.count == 4


async def test_a_refusal_is_an_answer():
    full = ConnectionProblem(Diagnosis(Kind.NO_PLACE, "no place", ""))
    asked = Asked(full, full, full, _answer(timed_out=True))
    pulse = Pulse(asked, every_s=0, timeout_s=1)
    await asyncio.wait_for(pulse.stopped(adopted=False), 5)
    assert asked.count == 5


async def test_what_was_heard_saves_round_trips_and_a_doubt_asks_for_one():
    asked = Asked(_answer(timed_out=True))
    pulse = Pulse(asked, every_s=1000, timeout_s=1)
    pulse.heard()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pulse.stopped(adopted=False), 0.05)
    assert asked.count == 0
    pulse.doubt()
    await asyncio.wait_for(pulse.stopped(adopted=False), 5)
    assert asked.count == FAILURES_MEAN_LOST


async def test_an_old_doubt_is_void_for_a_new_connection():
    asked = Asked(_answer(timed_out=True))
    pulse = Pulse(asked, every_s=1000, timeout_s=1)
    pulse.heard()
    pulse.doubt()
    pulse.calm()
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(pulse.stopped(adopted=False), 0.05)
    assert asked.count == 0


@pytest.mark.parametrize(("took_s", "waits_s"), [(0.02, SOON_S), (1.0, 3.0), (5.0, 8.0)])
async def test_after_sleep_one_silence_is_the_end_and_comes_by_what_answers_took(took_s, waits_s):
    asked = Asked(_answer(), _answer(timed_out=True))
    pulse = Pulse(asked, every_s=1000, timeout_s=8)
    pulse.heard(took_s)
    pulse.doubt(soon=True)
    watching = asyncio.get_running_loop().create_task(pulse.stopped(adopted=False))
    await eventually(lambda: asked.count == 1, 5)
    pulse.doubt(soon=True)
    await asyncio.wait_for(watching, 5)
    assert asked.timeouts == [waits_s, waits_s]


async def test_a_new_connection_has_its_own_answers():
    asked = Asked(_answer(timed_out=True))
    pulse = Pulse(asked, every_s=1000, timeout_s=8)
    pulse.heard(0.02)
    pulse.calm()
    pulse.heard()
    pulse.doubt(soon=True)
    await asyncio.wait_for(pulse.stopped(adopted=False), 5)
    assert asked.timeouts == [8]


def test_silence_is_noticed_within_thirty_seconds():
    assert ADOPTED_ROUND_TRIP_EVERY_S + FAILURES_MEAN_LOST * ROUND_TRIP_TIMEOUT_S < 30
    assert ALIVE_EVERY_S * (ALIVE_COUNT + 1) < 30
    looks_s = LOOK_EVERY_S * math.ceil(STILL_S / LOOK_EVERY_S)
    assert looks_s > ALIVE_EVERY_S, "a master that lives shows it before"
    assert LOOK_EVERY_S + looks_s + FAILURES_MEAN_DEAF * ANSWER_TIMEOUT_S <= 11
