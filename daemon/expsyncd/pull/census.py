"""Whether anything can have left the host since the last listing, by counting. Pure.

Asking rsync what is gone (`--delete` in a dry-run) makes it read every folder of the mirror as well, half as
much again for 100,000 files. Its statistics count the host's entries for nothing: when the count is the last
one plus what was listed as new, nothing can have left.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.pull.listing import Listing

# A count can be right by accident (one came unnoticed, one went): now and then the whole question is asked.
ASK_AFTER = 20


@dataclass(frozen=True)
class Census:
    """What the last listing saw: how many entries, which of them were not ours, what was gone."""

    entries: int
    not_ours: frozenset[bytes]
    gone: tuple[bytes, ...]
    age: int = 0


def not_ours(listing: Listing) -> frozenset[bytes]:
    """Entries on the host that the mirror does not have (yet, or ever)."""
    return frozenset([*(i.path for i in listing.items if i.new), *listing.folders, *listing.irregular])


def nothing_left(before: Census, listing: Listing) -> bool:
    """Whether the count says that what was there before is there still."""
    if listing.entries is None or before.age >= ASK_AFTER:
        return False
    came = not_ours(listing) - before.not_ours
    return listing.entries == before.entries + len(came)


def taken(listing: Listing, before: Census | None, *, asked: bool) -> Census | None:
    """The census after a listing; None when rsync did not count. `asked`: the gone were asked for."""
    if listing.entries is None:
        return None
    age = 0 if asked or before is None else before.age + 1
    return Census(listing.entries, not_ours(listing), tuple(listing.gone), age)
