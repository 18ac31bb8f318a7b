import pytest

from expsyncd.pull import seconds

SECOND = 10**9


@pytest.mark.parametrize("mtime", [0, 1, 1_700_000_000, (1 << 31) - 1, 1 << 31, (1 << 32) - 1])
@pytest.mark.parametrize("recent", [True, False])
def test_a_copy_gets_a_time_that_is_the_hosts(mtime, recent):
    here = seconds.local_ns(mtime, recent=recent)
    assert seconds.same_time(here, mtime)
    assert not seconds.same_time(here, (mtime + 1) % (1 << 32))
    assert seconds.unsettled(here) is recent
    assert not seconds.distrusted(here)


def test_a_time_before_1970_fits_every_file_system():
    assert seconds.local_ns((1 << 32) - 5, recent=False) == -5 * SECOND


def test_a_distrusted_copy_never_has_the_hosts_time():
    assert not seconds.same_time(seconds.DISTRUSTED_NS, 0)
    assert seconds.distrusted(1)


def test_a_copy_that_rsync_made_is_settled():
    assert seconds.same_time(5 * SECOND + 123_456_789, 5)
    assert not seconds.unsettled(5 * SECOND + 123_456_789)


@pytest.mark.parametrize(
    ("offset", "newest", "expected"),
    [
        (0.0, None, 997.0),
        (60.0, None, 1057.0),  # the host's clock is known to be ahead
        (0.0, 400, 397.0),  # its newest file says that it is behind
        (0.0, 9_999, 997.0),  # a file from the future says nothing
        (0.0, -90_000, 997.0),  # nor do files that are all old
    ],
)
def test_what_is_recent_is_told_by_the_hosts_clock(offset, newest, expected):
    assert seconds.recent_from(1000.0, offset, newest) == expected
