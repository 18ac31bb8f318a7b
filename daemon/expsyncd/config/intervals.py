"""When a pull repeats, as people write it: a duration, a cron line or a time of day. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from expsyncd.config import durations
from expsyncd.config.model import Cron, Every

SHORTEST = timedelta(seconds=1)
LONGEST_LINE = 200

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WEEKDAY = re.compile(r"(\*|[a-z0-9]+)(?:-([a-z0-9]+))?(?:/([0-9]{1,2}))?")


def parse_interval(text: str) -> Every | Cron:
    """`60s` → Every, `*/5 * * * *` → Cron. Raises ValueError whose text tells the person what to write."""
    try:
        period = durations.parse_duration(text)
    except ValueError as error:
        if len(text.split()) >= 4 or "*" in text:
            return Cron(line=parse_cron(text))
        if durations.EXAMPLES not in str(error):
            raise
        raise ValueError(f'{error}, or as a cron line like "*/5 * * * *"') from None
    if period < SHORTEST:
        raise ValueError(
            "the shortest interval is 1s: each pull asks the host for all its files; "
            "what grows between pulls is followed anyway"
        )
    return Every(period=period)


def parse_audit(text: str) -> Every | Cron:
    """As `parse_interval`, and `03:30` is that time every day."""
    if clock := re.fullmatch(r"([01]?[0-9]|2[0-3]):([0-5][0-9])", text):
        return Cron(line=f"{int(clock[2])} {int(clock[1])} * * *")
    if re.fullmatch(r"[0-9]+:[0-9]*", text):
        raise ValueError("a time of day is written like 03:30")
    return parse_interval(text)


def format_interval(interval: Every | Cron) -> str:
    """The text that `parse_interval` reads back."""
    return interval.line if isinstance(interval, Cron) else durations.format_duration(interval.period)


@lru_cache(maxsize=256)
def parse_cron(text: str) -> str:
    """The five fields, single-spaced, week days as names. Raises ValueError.

    Names, because numbers mean other days to APScheduler (0 is Monday) than to cron (0 and 7 are Sunday).
    """
    # late: half of the time that reading a config takes, and most have no cron line
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415

    fields = text.lower().split()
    if len(fields) != 5 or len(text) > LONGEST_LINE:
        raise ValueError(
            f"a cron line has five fields (minute hour day month weekday), here are {len(fields)}"
            if len(fields) != 5
            else f"a cron line has at most {LONGEST_LINE} characters"
        )
    fields[4] = ",".join(weekdays(fields[4]))
    line = " ".join(fields)
    try:
        comes = CronTrigger.from_crontab(line, timezone=UTC).get_next_fire_time(
            None, datetime(2024, 1, 1, tzinfo=UTC)
        )
    except ValueError as error:
        raise ValueError(f"this is no cron line: {str(error)[:120]}") from None
    if comes is None:
        raise ValueError("this cron line never comes")
    return line


def weekdays(text: str) -> list[str]:
    """A cron line's fifth field as names in week order, `["*"]` for any day. Raises ValueError."""
    if text == "*":
        return ["*"]
    days: set[int] = set()
    for part in text.split(","):
        found = _WEEKDAY.fullmatch(part)
        if not found:
            raise ValueError(f'"{part}" is no week day: write mon, mon-fri, 0 to 7 (0 and 7 are Sunday)')
        first, last, step = found.groups()
        start = 0 if first == "*" else _weekday(first)
        end = 6 if first == "*" or (step and not last) else start
        if last:
            end = _weekday(last)
        if end < start:  # fri-mon, sat-sun
            end += 7
        if step in {"0", "00"}:
            raise ValueError("a step of 0 never comes")
        days.update(day % 7 for day in range(start, end + 1, int(step or 1)))
    return ["*"] if len(days) == 7 else [_WEEKDAYS[day] for day in sorted(days)]


def _weekday(text: str) -> int:
    if text in _WEEKDAYS:
        return _WEEKDAYS.index(text)
    if text in {"0", "1", "2", "3", "4", "5", "6", "7"}:
        return int(text)
    raise ValueError(f'"{text}" is no week day: write mon, mon-fri, 0 to 7 (0 and 7 are Sunday)')
