import pytest

from expsyncd.tensorboard.restarts import HOPELESS_RETRY_S, LONGEST_S, Pause, Restarts


def test_the_pause_doubles_up_to_a_limit():
    restarts = Restarts()
    pauses = [restarts.ended(now=1000.0 * count, healthy_s=5.0).seconds for count in range(9)]
    assert pauses == [0.5, 1, 2, 4, 8, 16, LONGEST_S, LONGEST_S, LONGEST_S]


def test_a_long_health_resets_it():
    restarts = Restarts()
    for count in range(4):
        restarts.ended(now=10.0 * count, healthy_s=59.0)
    assert restarts.ended(now=200.0, healthy_s=60.0) == Pause(0.5)
    assert restarts.ended(now=300.0, healthy_s=0.0) == Pause(1.0)


@pytest.mark.parametrize("healthy_s", [None, 0.1, 59.0])
def test_five_short_lives_in_five_minutes_are_hopeless_until_one_is_longer(healthy_s):
    restarts = Restarts()
    for count in range(4):
        assert not restarts.ended(now=70.0 * count, healthy_s=healthy_s).hopeless
    assert restarts.ended(now=290.0, healthy_s=healthy_s) == Pause(HOPELESS_RETRY_S, hopeless=True)
    for count in range(20):
        assert restarts.ended(now=400.0 + 100 * count, healthy_s=healthy_s).hopeless
    assert restarts.ended(now=3000.0, healthy_s=61.0) == Pause(0.5)
    assert not restarts.ended(now=3001.0, healthy_s=healthy_s).hopeless


def test_five_short_lives_over_a_longer_time_are_not_hopeless():
    restarts = Restarts()
    assert not any(restarts.ended(now=100.0 * count, healthy_s=None).hopeless for count in range(20))


def test_after_a_change_by_the_person_it_starts_afresh():
    restarts = Restarts()
    for count in range(6):
        restarts.ended(now=1.0 * count, healthy_s=None)
    restarts.forget()
    assert restarts.ended(now=7.0, healthy_s=None) == Pause(0.5)
