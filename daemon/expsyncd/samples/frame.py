"""What a series holds: frames in order, each of one picture or of several. Pure."""

from __future__ import annotations

from dataclasses import dataclass

BETWEEN = " · "  # the parts of a label


@dataclass(frozen=True)
class Picture:
    """One image file as it was seen.

    `path`: absolute, in the mirror, or in versions for a content that was overwritten. `size` in bytes.
    `index`: the sample among those of one step. `member`: the tag that is meant of an event file, and then
    `offset` is where its record begins, `size` the record's length and `mtime_ns` when it was written.
    """

    path: bytes
    size: int
    mtime_ns: int
    index: int | None = None
    member: str = ""
    offset: int = 0


@dataclass(frozen=True)
class Frame:
    """One moment of a series.

    `order` compares in time order, say (epoch, step, batch, content number). `label` is for the strip above
    the picture. `pictures` are in index order; more than one make a grid. `panels`: several grids side by
    side, each (its name, how many of the pictures).
    """

    order: tuple[int, ...]
    label: str
    pictures: tuple[Picture, ...]
    step: int | None = None
    panels: tuple[tuple[str, int], ...] = ()


def undated(label: str) -> str:
    """A label without its last part, which is the time of writing where a name had several contents."""
    return label.rpartition(BETWEEN)[0] or label


@dataclass(frozen=True)
class SeriesKey:
    """`run` and `name` are paths relative to the source and to the run; an empty run is the source itself."""

    host: str
    source: str
    run: bytes
    name: bytes
