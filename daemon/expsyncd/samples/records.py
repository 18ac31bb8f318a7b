"""What the catalogue remembers of series, and what follows from it for the next rendering."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.samples.frame import SeriesKey
from expsyncd.samples.wanted import FOREIGN, TAG
from expsyncd.state import series
from expsyncd.state.series import RefusedRow, SeriesRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from expsyncd.samples.darkroom import Refused, Rendered
    from expsyncd.samples.wanted import Regrouped, Wanted
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.sqlite import Database


@dataclass
class Remembered:
    """Of the last start."""

    rows: dict[SeriesKey, SeriesRow] = field(default_factory=dict)
    refused: dict[tuple[str, str, bytes], str] = field(default_factory=dict)
    overwritten: list[tuple[str, str, bytes, int, int]] = field(default_factory=list)


def key_of(row: SeriesRow) -> SeriesKey:
    """Its key."""
    return SeriesKey(row.host, row.source, row.run, row.name)


def remembered(catalogue: Catalogue) -> Remembered:
    """All of it; in the database thread."""

    def read(db: Database) -> Remembered:
        rows = {key_of(row): row for row in series.series_of(db)}
        refused = {(row.host, row.source, row.path): row.reason for row in series.refused_of(db)}
        return Remembered(rows, refused, series.overwritten_of(db))

    return catalogue.read(read, Remembered())


def is_done(row: SeriesRow | None, wanted: Wanted) -> bool:
    """Whether nothing changed since it was rendered: as many frames, none newer, and it is there."""
    return (
        row is not None
        and row.rendered_at is not None
        and not row.reason
        and row.frames == len(wanted.frames)
        and row.newest_at == wanted.newest_ns / 1e9
        and (wanted.out.exists() or not wanted.worth_it)
    )


def gone(rows: Iterable[SeriesKey], found: Regrouped) -> list[SeriesKey]:
    """Series of the homes that were looked at anew, and that are called otherwise now."""
    there = {wanted.key for wanted in found.series}
    homes = {(host, source, run, os.fsencode(images)) for host, source, run, images in found.homes}
    missing = []
    for key in rows:
        for host, source, run, images in homes:
            if key.name.startswith(TAG):
                continue
            its = key.name.partition(FOREIGN)[0] if FOREIGN in key.name else os.fsencode(source)
            if (key.host, key.source, key.run, its) == (host, source, run, images) and key not in there:
                missing.append(key)
    return missing


def row_of(
    wanted: Wanted, done: Rendered | None, reason: str, before: SeriesRow | None, now: float, root: Path
) -> SeriesRow:
    """What is known after a rendering."""
    steps = [frame.step for frame in wanted.frames if frame.step is not None]
    canvas = done.canvas if done is not None else (before.width, before.height) if before else (0, 0)
    return SeriesRow(
        wanted.key.host,
        wanted.key.source,
        wanted.key.run,
        wanted.key.name,
        len(wanted.frames),
        done.shown if done is not None else 0,
        min(steps, default=None),
        max(steps, default=None),
        done.bytes if done is not None else 0,
        wanted.newest_ns / 1e9,
        now,
        os.fsencode(wanted.out.relative_to(root)),
        reason,
        wanted.why,
        *canvas,
    )


def place_of(wanted: Wanted, found: Refused, mirror: Path) -> bytes:
    """The path of a picture inside its source."""
    top = b"/".join((os.fsencode(mirror), os.fsencode(wanted.key.host), os.fsencode(wanted.source), b""))
    return found.path.removeprefix(top)


def keep(
    catalogue: Callable[[], Catalogue],
    wanted: Wanted,
    row: SeriesRow,
    refused: Sequence[tuple[bytes, Refused]],
) -> None:
    """Remember a rendering; in the database thread."""
    rows = [
        RefusedRow(wanted.key.host, wanted.source, place, found.size, found.mtime_ns, found.reason)
        for place, found in refused
    ]

    def write(db: Database) -> None:
        series.put_series(db, row)
        series.put_refused(db, rows)

    catalogue().write(write)


def note(
    catalogue: Callable[[], Catalogue],
    overwritten: Sequence[tuple[str, str, bytes, int, int]],
    healed: Sequence[tuple[str, str, bytes]],
    missing: Iterable[SeriesKey],
) -> None:
    """Remember what a look found; in the database thread."""
    keys = [(key.host, key.source, key.run, key.name) for key in missing]

    def write(db: Database) -> None:
        series.put_overwritten(db, overwritten)
        series.drop_refused(db, healed)
        series.drop_series(db, keys)

    catalogue().write(write)


def remove_animation(root: Path, row: SeriesRow) -> None:
    """The files of a series that is called otherwise now."""
    out = root / os.fsdecode(row.path)
    for suffix in (".gif", ".webp", ".latest.png", ".sheet.png"):
        with suppress(OSError):
            out.with_suffix(suffix).unlink()
