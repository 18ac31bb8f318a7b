import pytest

from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import ConnectionProblem, Diagnosis
from expsyncd.ssh.vain import Vain, VainLogins


def _problem(kind: Kind, *, needs_login: bool = False) -> ConnectionProblem:
    return ConnectionProblem(Diagnosis(kind, "no", "do", retry=False, needs_login=needs_login))


class Memory:
    """What was to be remembered for good."""

    def __init__(self) -> None:
        self.held: dict[str, Vain | None] = {}

    async def __call__(self, name: str, vain: Vain | None) -> None:
        self.held[name] = vain


async def test_a_second_factor_is_remembered_for_good_and_no_wish_helps():
    memory = Memory()
    vain = VainLogins(remember=memory)
    problem = _problem(Kind.SECOND_FACTOR, needs_login=True)
    await vain.note("gpu1", "digest", problem)
    assert vain.about("gpu1") == Vain("digest", problem.diagnosis) == memory.held["gpu1"]
    await vain.forgive("gpu1")
    assert vain.about("gpu1") is not None
    await vain.forget("gpu1")
    assert vain.about("gpu1") is None
    assert memory.held == {"gpu1": None}


async def test_a_wrong_key_is_remembered_for_this_life_and_a_wish_forgives_it():
    memory = Memory()
    vain = VainLogins(remember=memory)
    await vain.note("gpu1", "digest", _problem(Kind.PERMISSION_DENIED))
    assert vain.about("gpu1") is not None
    assert memory.held == {}, "a daemon that starts anew may try once"
    await vain.forgive("gpu1")
    assert vain.about("gpu1") is None


async def test_a_password_is_forgiven_since_the_key_may_be_there_by_now():
    vain = VainLogins()
    await vain.note("gpu1", "digest", _problem(Kind.PASSWORD, needs_login=True))
    await vain.forgive("gpu1")
    assert vain.about("gpu1") is None


@pytest.mark.parametrize(
    "kind", [Kind.REFUSED, Kind.TIMED_OUT, Kind.CLOSED, Kind.NAME_UNKNOWN, Kind.NO_RSYNC]
)
async def test_what_may_pass_is_not_in_vain(kind):
    vain = VainLogins()
    await vain.note("gpu1", "digest", _problem(kind))
    assert vain.about("gpu1") is None


async def test_what_an_earlier_life_learned_is_known():
    known = {"gpu1": Vain("digest", _problem(Kind.SECOND_FACTOR).diagnosis)}
    assert VainLogins(known).about("gpu1") == known["gpu1"]
