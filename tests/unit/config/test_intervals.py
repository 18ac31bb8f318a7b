from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.config.intervals import format_interval, parse_audit, parse_cron, parse_interval, weekdays
from expsyncd.config.model import Cron, Every


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("60s", Every(period=timedelta(seconds=60))),
        ("1d 2h 3m 4s", Every(period=timedelta(days=1, hours=2, minutes=3, seconds=4))),
        ("*/5 * * * *", Cron(line="*/5 * * * *")),
        ("0 9  * * Mon-Fri", Cron(line="0 9 * * mon,tue,wed,thu,fri")),
        ("0 0 1 jan *", Cron(line="0 0 1 jan *")),
    ],
)
def test_reads(text, interval):
    assert parse_interval(text) == interval
    assert parse_interval(format_interval(interval)) == interval


def test_an_audit_has_a_time_of_day():
    assert parse_audit("03:30") == parse_audit("3:30") == Cron(line="30 3 * * *")
    assert parse_audit("1d") == Every(period=timedelta(days=1))


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("* * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("*/0 * * * *", "no cron line"),
        ("0 25 * * *", "no cron line"),
        ("0 0 31 2 *", "never comes"),
        ("0 0 * * */0", "never comes"),
        ("0 0 * * fryday", "no week day"),
        ("0 0 * * ,", "no week day"),
        ("1," * 200 + "1 * * * *", "at most 200"),
    ],
)
def test_bad_cron_lines(text, advice):
    with pytest.raises(ValueError, match=advice):
        parse_cron(text)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("*", ["*"]),
        ("0-6", ["*"]),
        ("1-7", ["*"]),
        ("0", ["sun"]),
        ("7", ["sun"]),
        ("1-5", ["mon", "tue", "wed", "thu", "fri"]),
        ("sat-sun", ["sun", "sat"]),
        ("5-7", ["sun", "fri", "sat"]),
        ("*/2", ["sun", "tue", "thu", "sat"]),
        ("1-5/2,6", ["mon", "wed", "fri", "sat"]),
        ("4/1", ["thu", "fri", "sat"]),
    ],
)
def test_weekdays_count_as_in_cron(text, days):
    assert weekdays(text) == days


@given(st.integers(0, 7))
def test_apscheduler_means_the_day_that_cron_means(day):
    line = parse_cron(f"0 12 * * {day}")
    fires = CronTrigger.from_crontab(line, timezone=UTC).get_next_fire_time(
        None, datetime(2024, 5, 1, tzinfo=UTC)
    )
    assert (fires.weekday() + 1) % 7 == day % 7
