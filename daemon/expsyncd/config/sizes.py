"""Sizes as people write them: `50MB`, `2GiB`, `1.5 GB`, `10k`. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

EXAMPLES = "like 50MB, 2GiB or 10k"
LARGEST = 1 << 60  # above any file system; keeps sums within what SQLite and rsync count

_SIZE = re.compile(r"([0-9]{1,20}(?:\.[0-9]{1,9})?)\s*([kKmMgGtTpP]?)(i?)([bB]?)")
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4, "p": 5}


def parse_size(text: str) -> int:
    """`1.5 GB` → 1500000000 bytes; k, M, G, T are powers of 1000, with an i of 1024; bare numbers are bytes.

    Raises ValueError whose text tells the person what to write.
    """
    found = _SIZE.fullmatch(text)
    if not found or (found[3] and not found[2]):
        raise ValueError(f"this is no size: write it {EXAMPLES}")
    number, prefix, binary, byte = found.groups()
    if prefix and byte == "b" and prefix.isupper() and not binary:
        raise ValueError(f'"{prefix}b" means bits: write "{number}{prefix}B" for bytes')
    size = int(Decimal(number) * (1024 if binary else 1000) ** _POWERS[prefix.lower()])
    if size > LARGEST:
        raise ValueError("this is larger than any disk")
    return size


def parse_rate(text: str) -> int:
    """`5MB` or `5MB/s` → bytes a second. Raises ValueError as `parse_size` does."""
    rate = parse_size(text.removesuffix("/s").rstrip())
    # rsync counts in KiB and takes what rounds to zero for "no limit"
    if rate < 1000:
        raise ValueError("a limit under 1kB a second would stop the pull: write it like 5MB (a second)")
    return rate


def format_size(size: int) -> str:
    """The shortest text that `parse_size` reads back exactly."""
    for unit, factor in (("TB", 10**12), ("GB", 10**9), ("MB", 10**6), ("kB", 1000)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)
