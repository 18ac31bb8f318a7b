import asyncio

import pytest

from expsyncd.errors import Error
from expsyncd.process import Completed
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis
from expsyncd.ssh.pulse import FAILURES_MEAN_LOST, Pulse


def _answer(*, timed_out: bool = False) -> Completed:
    return Completed(0, b"", b"", timed_out=timed_out)


class Asked:
    """Answers with what it is given, in turn; the last one for ever."""

    def __init__(self, *answers: Completed | Error) -> None:
        self.answers = list(answers)
        self.count = 0

    async def __call__(self, remote: str, *, timeout_s: float) -> Completed:
        assert remote == "true"
        assert timeout_s == 1
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
