"""What differs between a listed tree of a host and the mirror, by size and whole seconds. Blocking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.pull import local, seconds
from expsyncd.pull.listing import Item, Listing

if TYPE_CHECKING:
    import os

    from expsyncd.pull.patterns import Filter
    from expsyncd.pull.remote_tree import Tree


@dataclass
class Differences:
    """The listing, the files whose bytes have to be compared, and from which mtime on a file is recent."""

    listing: Listing
    unsettled: list[bytes] = field(default_factory=list)
    recent_from: float = 0.0


def compare(tree: Tree, folder: bytes, taken: Filter, now_s: float, offset_s: float) -> Differences:
    """Compare `tree` with the mirror at `folder`. `now_s`: our clock; `offset_s`: the host's minus ours."""
    here = dict(local.files_below(folder))
    found = Differences(
        Listing(
            irregular=tree.irregular,
            refused=tree.refused,
            folders=tree.folders,
            gone_known=True,
            entries=tree.entries,
            files=None if b"" in tree.unread else len(tree.files),
        )
    )
    newest: int | None = None
    for path, there in tree.files.items():
        ours = here.get(path)
        if ours is None:
            item = Item(path, there.size, new=True, same_size=False)
        elif ours.st_size != there.size:
            item = Item(path, there.size, new=False, same_size=False)
        elif not seconds.same_time(ours.st_mtime_ns, there.mtime):
            item = Item(path, there.size, new=False, same_size=True)
        else:
            if seconds.unsettled(ours.st_mtime_ns):
                found.unsettled.append(path)
            continue
        found.listing.items.append(item)
        newest = there.mtime if newest is None else max(newest, there.mtime)
    found.recent_from = seconds.recent_from(now_s, offset_s, newest)
    found.listing.gone = _gone(tree, here, taken)
    return found


def _gone(tree: Tree, here: dict[bytes, os.stat_result], taken: Filter) -> list[bytes]:
    """Ours that the host has no more; what is left out by a pattern is none of the host's."""
    there = {*tree.folders, *tree.irregular, *(path for path, _ in tree.refused)}
    known: dict[bytes, bool] = {b"": True}

    def looked_into(parent: bytes) -> bool:
        if parent not in known:
            known[parent] = looked_into(parent.rpartition(b"/")[0]) and taken.takes(parent, folder=True)
        return known[parent]

    return [
        path
        for path in here
        if path not in tree.files
        and path not in there
        and looked_into(path.rpartition(b"/")[0])
        and taken.takes(path, folder=False)
    ]
