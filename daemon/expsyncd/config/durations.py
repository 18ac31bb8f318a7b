"""Durations as people write them: `60s`, `5m`, `2h30m`, `1d`. Pure."""

from __future__ import annotations

import re
from datetime import timedelta

EXAMPLES = "like 60s, 5m, 2h30m or 1d"
LONGEST = timedelta(days=3650)

_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
_DURATION = re.compile(r"\s*".join(rf"(?:{_NUMBER}\s*{unit})?" for unit in "wdhms"))
_WORDS = {
    "second": "s", "seconds": "s", "sec": "s", "secs": "s", "minute": "m", "minutes": "m", "min": "m",
    "mins": "m", "hour": "h", "hours": "h", "hr": "h", "hrs": "h", "day": "d", "days": "d", "week": "w",
    "weeks": "w",
}  # fmt: skip


def parse_duration(text: str) -> timedelta:
    """`2h30m` → 2.5 hours: numbers with w, d, h, m or s, the larger unit first.

    Raises ValueError whose text tells the person what to write.
    """
    if re.fullmatch(r"[0-9.]+", text):
        raise ValueError(f'a duration needs its unit: say "{text[:20]}s" for seconds or "{text[:20]}m"')
    if word := re.fullmatch(rf"{_NUMBER}\s*([A-Za-z]+)", text):
        unit = _WORDS.get(word[2].lower()) or word[2].lower()
        if unit != word[2] and unit in "wdhms":
            raise ValueError(f'write "{word[1]}{unit}" for "{text}"')
    found = _DURATION.fullmatch(text)
    if not found or not any(found.groups()):
        raise ValueError(f"this is no duration: write it {EXAMPLES}")
    weeks, days, hours, minutes, seconds = (float(number or 0) for number in found.groups())
    # in seconds first: timedelta itself overflows on 999999999w
    total = (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60 + seconds
    if total > LONGEST.total_seconds():
        raise ValueError("this is longer than ten years")
    return timedelta(seconds=total)


def format_duration(period: timedelta) -> str:
    """The shortest text that `parse_duration` reads back, to the millisecond."""
    seconds = round(period.total_seconds(), 3)
    parts = ""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if count := int(seconds // size):
            parts += f"{count}{unit}"
            seconds -= count * size
    seconds = round(seconds, 3)
    return parts + f"{seconds:g}s" if seconds or not parts else parts
