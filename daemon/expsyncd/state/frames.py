"""The catalogue's table of frames: of each series what its frames are made of, for pages that show them."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from expsyncd.state.sqlite import Database

SeriesAddress = tuple[str, str, bytes, bytes]  # host, source, run, name, as in the table of series

TABLES = (
    (
        "CREATE TABLE frames (host TEXT NOT NULL, source TEXT NOT NULL, run BLOB NOT NULL,"
        " name BLOB NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (host, source, run, name))"
    ),
)


class FrameRow(NamedTuple):
    """One frame. `block`, `thumb`: names of its rendered forms, which need not be there.

    `path`: of its one picture, relative to the root, as it was with `size` and `mtime_ns`; empty for a
    grid of several. `member`, `offset`, `sample`: where in an event file it is, see samples' Picture.
    """

    step: int | None
    label: str
    block: str
    thumb: str
    path: str = ""
    size: int = 0
    mtime_ns: int = 0
    member: str = ""
    offset: int = 0
    sample: int | None = None


def put_frames(db: Database, series: SeriesAddress, frames: Iterable[FrameRow]) -> None:
    """Exactly these are the frames of a series, in order."""
    packed = zlib.compress(json.dumps(list(frames), separators=(",", ":")).encode(), 1)
    db.execute("INSERT OR REPLACE INTO frames VALUES (?,?,?,?,?)", (*series, packed))


def frames_of(db: Database, series: SeriesAddress) -> list[FrameRow]:
    """The frames of a series; none for an unknown one."""
    row = db.execute(
        "SELECT packed FROM frames WHERE host=? AND source=? AND run=? AND name=?", series
    ).fetchone()
    return [FrameRow(*frame) for frame in json.loads(zlib.decompress(row[0]))] if row else []


def drop_frames(db: Database, keys: Sequence[SeriesAddress]) -> None:
    """Forget series that are not there any more."""
    db.executemany("DELETE FROM frames WHERE host=? AND source=? AND run=? AND name=?", keys)
