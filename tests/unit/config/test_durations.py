from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.config.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("60s", 60), ("5m", 300), ("2h30m", 9000), ("1d", 86400), ("1.5h", 5400), ("1w 2d", 777600), ("0s", 0)],
)
def test_reads(text, seconds):
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("60", 'say "60s"'),
        ("", "2h30m"),
        ("5 min", 'write "5m"'),
        ("5M", 'write "5m"'),
        ("30m2h", "2h30m"),
        ("-5s", "2h30m"),
        ("5m5m", "2h30m"),
        ("\u0665s", "2h30m"),
        ("999999999w", "ten years"),
        ("9" * 5000 + "s", "2h30m"),
    ],
)
def test_refuses_with_advice(text, advice):
    with pytest.raises(ValueError, match=advice):
        parse_duration(text)


@given(st.integers(0, 10**8).map(lambda ms: timedelta(milliseconds=ms)))
def test_formatted_is_read_back(period):
    assert parse_duration(format_duration(period)) == period


def test_format_is_short():
    assert [format_duration(timedelta(seconds=s)) for s in (0, 60, 5400, 90061)] == [
        "0s",
        "1m",
        "1h30m",
        "1d1h1m1s",
    ]
