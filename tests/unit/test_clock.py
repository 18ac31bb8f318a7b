from datetime import UTC, datetime, timedelta, timezone

from expsyncd.clock import SystemClock, rfc3339


def test_times_leave_in_one_form():
    moment = datetime(2026, 1, 31, 13, 0, 0, 123_456, tzinfo=timezone(timedelta(hours=1)))
    assert rfc3339(moment) == "2026-01-31T12:00:00.123Z"
    assert rfc3339(None) is None


def test_the_system_clock():
    clock = SystemClock()
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
