import pytest

from expsyncd.ssh.patience import CONNECT_S, LOGIN_S, LONGEST_CONNECT_S, LONGEST_LOGIN_S, Patience


def of(patience):
    return patience.connect_s, patience.login_s


def test_a_hanging_login_is_told_within_thirty_seconds_and_leaves_the_next_its_turn():
    assert of(Patience()) == (CONNECT_S, LOGIN_S)
    assert CONNECT_S < 10
    assert 10 + LOGIN_S < 30


def test_a_host_that_was_never_reached_gets_ever_more_time():
    patience, found = Patience(), []
    for _ in range(4):
        patience.failed(slowly=True)
        found.append(of(patience))
    assert found == [(16, 30), (30, 60), (30, 60), (30, 60)]


@pytest.mark.parametrize("timeouts", [0, 1, 5])
def test_one_that_logs_in_quickly_is_not_waited_for(timeouts):
    patience = Patience()
    patience.worked(0.3)
    for _ in range(timeouts):
        patience.failed(slowly=True)
    assert of(patience) == (CONNECT_S, LOGIN_S)


def test_one_that_logs_in_slowly_keeps_its_time():
    patience = Patience()
    patience.failed(slowly=True)
    patience.worked(12)
    assert of(patience) == (LONGEST_CONNECT_S, 36)
    patience.worked(50)
    assert of(patience) == (LONGEST_CONNECT_S, LONGEST_LOGIN_S)


def test_one_that_cannot_be_connected_to_is_not_slow():
    patience = Patience()
    patience.failed(slowly=True)
    patience.failed(slowly=False)
    assert of(patience) == (CONNECT_S, LOGIN_S)


def test_tests_may_be_impatient():
    assert of(Patience(0.5)) == (0.5, 1.0)
