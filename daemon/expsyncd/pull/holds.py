"""Whether a source takes a file: its patterns, asked about every folder on the way. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.pull.command import filters
from expsyncd.pull.patterns import filter_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.pull.source import Source


def holds(source: Source) -> Callable[[bytes], bool]:
    """Says of a path relative to the source whether a pull looks at it."""
    rules = filter_of(filters(source.include, source.exclude))

    def takes(inside: bytes) -> bool:
        parts = inside.split(b"/")
        ways = (b"/".join(parts[:count]) for count in range(1, len(parts)))
        return all(rules.takes(way, folder=True) for way in ways) and rules.takes(inside, folder=False)

    return takes
