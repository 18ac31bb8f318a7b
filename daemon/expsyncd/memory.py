"""Has the C library give back what is free.

Python keeps what is smaller than 512 bytes itself.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Protocol, cast

# malloc.h of glibc, for mallopt(3).
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
# Pieces of files are of 1 MB: to map each by itself would take half a millisecond, as long as its digest.
LARGE = 5 << 18
KEPT = 4 << 20  # at the end of the arena, so that it does not grow and shrink with each piece


class Library(Protocol):
    """The part of a C library that is used."""

    def mallopt(self, option: int, value: int, /) -> int:
        """Set an option; 1 when that was done."""
        ...


def give_back(library: Library | None = None) -> bool:
    """Keep little of what is free; whether all of it was set, which only glibc can.

    Left to itself each thread gets an arena of its own, of which only the end is ever given back; and each
    table that is freed makes larger ones come from there, too. Python has one lock for all, so one arena is
    no slower.
    """
    with suppress(OSError, AttributeError):  # AttributeError: it has no mallopt
        found: Library = cast("Library", ctypes.CDLL(None)) if library is None else library
        options = ((_M_ARENA_MAX, 1), (_M_MMAP_THRESHOLD, LARGE), (_M_TRIM_THRESHOLD, KEPT))
        # Each of them, also after one that is refused.
        return sum(found.mallopt(option, value) == 1 for option, value in options) == len(options)
    return False
