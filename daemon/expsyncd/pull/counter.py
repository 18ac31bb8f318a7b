"""Counts what a pass's output says has come. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.pull.listing import Listing, add_line
from expsyncd.pull.rsync import progress_bytes

if TYPE_CHECKING:
    from expsyncd.pull.source import Tally


class Counter:
    """Files as rsync names them; bytes by their sizes, or `by_progress` by the progress lines.

    rsync names a file when it begins with it, so a large one counts by progress, or all of it would have
    come at once.
    """

    def __init__(self, tally: Tally, sizes: dict[bytes, int], *, by_progress: bool) -> None:
        self._tally = tally
        self._sizes = sizes
        self._by_progress = by_progress
        self._seen_bytes = 0

    def line(self, line: bytes) -> None:
        """Take one line of rsync's output."""
        so_far = progress_bytes(line)
        if so_far is not None:
            if self._by_progress:
                self._tally.add(0, max(0, so_far - self._seen_bytes))
                self._seen_bytes = max(self._seen_bytes, so_far)
            return
        named = Listing()
        add_line(named, line)
        for item in named.items:
            size = 0 if self._by_progress else self._sizes.get(item.path, item.size)
            self._tally.add(1, size)
