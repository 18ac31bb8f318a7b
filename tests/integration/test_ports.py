import socket

import pytest

from expsyncd.errors import Error
from expsyncd.tensorboard.ports import LAST_PORT, choose, is_free, next_free


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield taken


def port_of(listening) -> int:
    return int(listening.getsockname()[1])


def test_a_port_with_a_listener_is_not_free(listener):
    port = port_of(listener)
    assert not is_free(port)
    listener.close()
    assert is_free(port)


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::1")])
def test_nor_is_one_where_localhost_would_meet_a_stranger(family, address):
    try:
        taken = socket.create_server((address, 0), family=family)
    except OSError:
        pytest.skip(f"this machine has no {address}")
    with taken:
        assert not is_free(port_of(taken))


def test_the_configured_port_comes_first(listener):
    port = port_of(listener)
    listener.close()
    assert choose(port, last=None, before=None, wanted=set()) == choose(
        port, last=port, before=1, wanted=set()
    )
    assert choose(port, last=None, before=None, wanted=set()).notice is None


def test_a_taken_port_gives_way_to_the_one_before_or_the_next(listener):
    port = port_of(listener)
    before = next_free(port + 10, set())
    assert before is not None
    assert choose(port, last=None, before=before, wanted=set()).port == before
    following = choose(port, last=None, before=None, wanted={before}).port
    assert following > port
    assert following != before


def test_a_port_that_a_forward_wants_is_left_to_it(listener):
    port = port_of(listener)
    listener.close()
    choice = choose(port, last=None, before=None, wanted={port})
    assert choice.port != port
    assert choice.notice is not None
    assert "forward" in choice.notice


def test_no_port_at_all():
    with pytest.raises(Error) as raised:
        choose(LAST_PORT, last=None, before=None, wanted={LAST_PORT})
    assert raised.value.advice
