"""Times of a host that tells whole seconds only, and what our copies' own times say. Pure.

A file may be written again within the second in which it was listed, at the same size: size and second
then say nothing. Copies of files that young carry a mark in their nanoseconds, and the next pulls compare
their bytes until that second is long over.
"""

from __future__ import annotations

SECOND_NS = 10**9
UNSETTLED_NS = 2  # a whole second has none, and rsync's copies have any
DISTRUSTED_NS = 1  # see local.distrust: a time that no host has
RECENT_S = 3.0  # so young may a file be and still be written within the second that was listed
CLOCK_WRONG_BY_S = 86_400  # at most, on a host that anybody works with
_WRAP = 1 << 32


def local_ns(mtime: int, *, recent: bool) -> int:
    """The time to give a copy of a file whose host says `mtime` (Unix seconds, modulo 2**32)."""
    # Beyond 2038 it is rather a time before 1970, which every file system here can hold.
    seconds = mtime - _WRAP if mtime >= _WRAP // 2 else mtime
    return seconds * SECOND_NS + (UNSETTLED_NS if recent else 0)


def same_time(here_ns: int, mtime: int) -> bool:
    """Whether a copy's time is the host's, as far as whole seconds tell."""
    return here_ns != DISTRUSTED_NS and here_ns // SECOND_NS % _WRAP == mtime


def unsettled(here_ns: int) -> bool:
    """Whether the bytes of a copy have to be compared although size and time are the host's."""
    return here_ns % SECOND_NS == UNSETTLED_NS


def distrusted(here_ns: int) -> bool:
    """Whether a copy's beginning was found, or may be, other than the host's."""
    return here_ns == DISTRUSTED_NS


def recent_from(now_s: float, offset_s: float, newest: int | None) -> float:
    """From which mtime on a file counts as recent.

    `offset_s`: the host's clock minus ours as far as it is known, `newest`: the newest mtime among what
    differs. A host whose clock is behind shows that by its newest file; a newest file that is older than
    any clock is wrong shows nothing.
    """
    there_s = now_s + offset_s
    if newest is not None and there_s - CLOCK_WRONG_BY_S < newest < there_s:
        there_s = newest
    return there_s - RECENT_S
