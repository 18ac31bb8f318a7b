"""Sizes and durations as people read them. Pure, stdlib only."""

from __future__ import annotations


def human_bytes(count: float) -> str:
    """`1.5 GB`: decimal, three digits at most, as disks are sold and rsync counts."""
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if abs(count) < 999.5 or unit == "TB":
            return f"{count:.0f} {unit}" if unit == "B" or abs(count) >= 99.95 else f"{count:.1f} {unit}"
        count /= 1000
    raise AssertionError


def counted(number: int, thing: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {thing}{'s' * (number != 1)}"


def human_seconds(seconds: float) -> str:
    """`45s`, `12m`, `3h`, `9d`: one unit, rounded down, as a glance needs it."""
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{int(seconds // size)}{unit}"
    return f"{max(0, int(seconds))}s"
