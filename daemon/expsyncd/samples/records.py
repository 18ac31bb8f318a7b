"""What the catalogue remembers of series, and what follows from it for the next rendering."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from expsyncd.samples.blocks import THUMB
from expsyncd.samples.blocks import key_of as block_key
from expsyncd.samples.frame import SeriesKey
from expsyncd.samples.wanted import FOREIGN, TAG
from expsyncd.state import frames, series
from expsyncd.state.frames import FrameRow
from expsyncd.state.series import RefusedRow, SeriesRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from expsyncd.samples.darkroom import Refused, Rendered
    from expsyncd.samples.look import Look
    from expsyncd.samples.wanted import Regrouped, Wanted
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.sqlite import Database


@dataclass
class Remembered:
    """Of the last start."""

    rows: dict[SeriesKey, SeriesRow] = field(default_factory=dict)
    refused: dict[tuple[str, str, bytes], RefusedRow] = field(default_factory=dict)
    overwritten: list[tuple[str, str, bytes, int, int]] = field(default_factory=list)


def key_of(row: SeriesRow) -> SeriesKey:
    """Its key."""
    return SeriesKey(row.host, row.source, row.run, row.name)


def remembered(catalogue: Catalogue) -> Remembered:
    """All of it; in the database thread."""

    def read(db: Database) -> Remembered:
        rows = {key_of(row): row for row in series.series_of(db)}
        refused = {(row.host, row.source, row.path): row for row in series.refused_of(db)}
        return Remembered(rows, refused, series.overwritten_of(db))

    return catalogue.read(read, Remembered())


def is_done(row: SeriesRow | None, wanted: Wanted, how: str) -> bool:
    """Whether nothing changed since it was rendered, and it is there. `how`: see `row_of`."""
    return (
        row is not None
        and row.rendered_at is not None
        and not row.reason
        and row.made_of == f"{wanted.made_of} {how}"
        and (wanted.out.exists() or not wanted.worth_it)
    )


def apart(rows: Mapping[SeriesKey, SeriesRow], series: Iterable[Wanted], root: Path) -> list[Wanted]:
    """The series, each with a file of its own.

    Those of one source are told apart where they are named; images of another source, and image tags, may
    come to the same name in the same run. Who has it keeps it.
    """
    wanted = {one.key: one for one in series}
    places = {key: os.fsencode(one.out.relative_to(root)) for key, one in wanted.items()}
    owners = {row.path: key for key, row in rows.items() if places.get(key, row.path) == row.path}
    for key, one in wanted.items():
        if owners.setdefault(places[key], key) != key:
            stem = f"{one.out.stem}-{hashlib.sha256(key.name).hexdigest()[:6]}"
            wanted[key] = replace(one, out=one.out.with_name(f"{stem}{one.out.suffix}"))
    return list(wanted.values())


def gone(rows: Iterable[SeriesKey], found: Regrouped) -> list[SeriesKey]:
    """Series of the homes that were looked at anew, and that are called otherwise now."""
    there = {wanted.key for wanted in found.series}
    missing = []
    for key in rows:
        if key in there or key.name.startswith(TAG):
            continue
        host, images = images_of(key)
        if (
            (host, images) in found.whole
            or (key.host, key.source, key.run, images) in found.homes
            or (found.known is not None and (host, images) not in found.known)
        ):
            missing.append(key)
    return missing


def images_of(key: SeriesKey) -> tuple[str, str]:
    """The host and source whose images they are."""
    foreign = FOREIGN in key.name and not key.name.startswith(TAG)
    return key.host, os.fsdecode(key.name.partition(FOREIGN)[0]) if foreign else key.source


def lost(root: Path, rows: Iterable[SeriesRow]) -> list[SeriesRow]:
    """Those whose animation was removed by somebody else."""
    return [row for row in rows if row.shown and not (root / os.fsdecode(row.path)).exists()]


def row_of(
    wanted: Wanted,
    done: Rendered | None,
    reason: str,
    before: SeriesRow | None,
    how: str,
    now: float,
    root: Path,
) -> SeriesRow:
    """What is known after a rendering. `how`: a word for the way it looks."""
    steps = [frame.step for frame in wanted.frames if frame.step is not None]
    canvas = done.canvas if done is not None else (before.width, before.height) if before else (0, 0)
    return SeriesRow(
        wanted.key.host,
        wanted.key.source,
        wanted.key.run,
        wanted.key.name,
        done.good if done is not None else len(wanted.frames),
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
        f"{wanted.made_of} {how}",
    )


def frames_of(wanted: Wanted, done: Rendered, look: Look, root: Path) -> list[FrameRow]:
    """Its frames as the catalogue keeps them, without those that cannot be shown."""
    top = os.fsencode(root) + b"/"
    bad = {(refused.path, refused.size, refused.mtime_ns) for refused in done.refused}
    rows = []
    for frame in wanted.frames:
        one = frame.pictures[0]
        if len(frame.pictures) == 1 and (one.path, one.size, one.mtime_ns) in bad:
            continue
        block, thumb = (block_key(frame, look, done.canvas, kind) for kind in ("gif", THUMB))
        row = FrameRow(frame.step, frame.label, block, thumb)
        if len(frame.pictures) == 1:
            path = os.fsdecode(one.path.removeprefix(top))
            place = (path, one.size, one.mtime_ns, one.member, one.offset, one.index)
            row = FrameRow(frame.step, frame.label, block, thumb, *place)
        rows.append(row)
    return rows


def place_of(wanted: Wanted, found: Refused, mirror: Path) -> bytes:
    """The path of a picture inside its source."""
    top = b"/".join((os.fsencode(mirror), os.fsencode(wanted.key.host), os.fsencode(wanted.source), b""))
    return found.path.removeprefix(top)


def keep(
    catalogue: Callable[[], Catalogue],
    row: SeriesRow,
    refused: Sequence[RefusedRow],
    forgotten: Sequence[tuple[str, str, bytes, int, int]] = (),
    shown: Callable[[], Sequence[FrameRow]] = tuple,
) -> None:
    """Remember a rendering; in the database thread. `forgotten`: overwritten contents that are no frames.

    `shown`: the frames, worked out here since there may be thousands.
    """
    rows = shown()

    def write(db: Database) -> None:
        series.put_series(db, row)
        series.put_refused(db, refused)
        if rows:
            frames.put_frames(db, (row.host, row.source, row.run, row.name), rows)
        series.drop_overwritten(db, forgotten)

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
        frames.drop_frames(db, keys)

    catalogue().write(write)


def remove_animation(root: Path, row: SeriesRow) -> None:
    """The files of a series that is called otherwise now."""
    out = root / os.fsdecode(row.path)
    for suffix in (".gif", ".webp", ".latest.png", ".sheet.png"):
        with suppress(OSError):
            out.with_suffix(suffix).unlink()


def link_latest(out: Path) -> None:
    """`latest.png` of the run: whatever series changed last."""
    newest, place = out.with_suffix(".latest.png"), out.with_name("latest.png")
    temporary = out.with_name(".latest.png.new")
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
        os.link(newest, temporary)
        temporary.replace(place)
