import pytest

from expsyncd.tensorboard.health import Ailment, Signs
from expsyncd.tensorboard.patience import Patience, Timing

TIMING = Timing(start_deadline_s=60, start_look_s=0.1, look_s=2, again_s=0.5, busy_s=30)
LOST = Ailment("has lost its data server")
SILENT = Ailment("does not answer within 2 s", silent=True)


def still(cpu_s=1.0, **signs):
    return Signs(**{"cpu_s": cpu_s, "stopped": False, "runnable": False, **signs})


def healthy():
    patience = Patience(TIMING, started=0.0)
    assert patience.judge(3.0, None, None) == TIMING.look_s
    return patience


def test_a_start_takes_its_time():
    patience = Patience(TIMING, started=0.0)
    assert patience.judge(0.1, LOST, None) == TIMING.start_look_s
    assert patience.judge(59.0, SILENT, still()) == TIMING.start_look_s
    assert patience.healthy_s(59.0) is None
    assert patience.judge(61.0, LOST, None) is None
    assert Patience(TIMING, started=0.0).judge(61.0, None, None) == TIMING.look_s


@pytest.mark.parametrize(
    ("looks", "ends_at"),
    [
        # (seconds since it answered, ailment, signs): at which look it must end
        ([(2, LOST, None), (2.5, LOST, None)], 1),
        ([(2, LOST, None), (2.5, None, None), (4.5, LOST, None)], None),
        ([(2, SILENT, None), (4.5, SILENT, None)], 1),  # no /proc: nobody knows more
        ([(2, SILENT, still(stopped=True))], 0),
        ([(2, SILENT, still(1.0)), (4.5, SILENT, still(1.1))], 1),
        ([(2, SILENT, still(1.0)), (4.5, SILENT, still(3.5)), (7, SILENT, still(3.6))], 2),
        ([(2, SILENT, still(runnable=True)), (4.5, SILENT, still(runnable=True))], None),
        ([(2, SILENT, still(runnable=True)), (4.5, SILENT, still(runnable=False))], 1),
        ([(2 + 2.5 * n, SILENT, still(2.5 * n)) for n in range(20)], 12),  # busy for thirty seconds
        ([(2, SILENT, still(1.0)), (3, None, None), (5, SILENT, still(1.0))], None),
    ],
)
def test_a_healthy_one_that_ails(looks, ends_at):
    patience = healthy()
    for number, (at, ailment, signs) in enumerate(looks):
        wait = patience.judge(3.0 + at, ailment, signs)
        if number == ends_at:
            assert wait is None
            return
        assert wait == (TIMING.look_s if ailment is None else TIMING.again_s), number
    assert ends_at is None


def test_how_long_it_was_healthy():
    assert healthy().healthy_s(10.0) == 7.0
