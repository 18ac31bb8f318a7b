"""Catalogues written through the real tables, for what reads them."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from expsyncd.state import measured
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.measured import MeasuredRow, Point, ScalarRow, SettingRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from expsyncd.state.sqlite import Database

NOW = 1_780_000_000.0


def run(name: str, **given: Any) -> MeasuredRow:
    """A run called HOST/FOLDER of the source `logs`, whose newest point came a minute before NOW."""
    host, _, folder = name.partition("/")
    values: dict[str, Any] = {
        "kind": "tensorboard", "state": "growing", "why": "a point 60 s ago", "began_at": NOW - 3600,
        "newest_at": NOW - 60, "step": 100, "files": 1, "bytes": 1000, "source": "logs",
        "inside": folder.encode(),
    }  # fmt: skip
    values |= given
    return MeasuredRow(host=host, name=name, **values)


def scalar(row: MeasuredRow, tag: str, *points: tuple[int, float]) -> ScalarRow:
    """The scalar that these (step, value) make, a minute apart, the last one a minute before NOW."""
    every: list[Point] = [
        (step, NOW - 60.0 * (len(points) - number), value) for number, (step, value) in enumerate(points)
    ]
    real = [point for point in every if point[2] == point[2]]  # NaN is not itself
    least = min(real, key=lambda point: point[2], default=None)
    greatest = max(real, key=lambda point: point[2], default=None)
    return ScalarRow(*row.key, tag, len(every), every[0], every[-1], least, greatest)


def put(
    db: Database,
    row: MeasuredRow,
    settings: Mapping[str, str] | None = None,
    scalars: Mapping[str, Sequence[tuple[int, float]]] | None = None,
    told_by: str = "hparams.yaml",
) -> None:
    """One run with its settings and scalars; its curves hold every point."""
    measured.put_measured(db, [row])
    given = [SettingRow(*row.key, name, value, told_by) for name, value in (settings or {}).items()]
    measured.put_settings(db, row.key, given)
    measured.put_scalars(db, [scalar(row, tag, *points) for tag, points in (scalars or {}).items()])
    curves = {
        tag: [(step, NOW - 60.0 * (len(points) - n), value) for n, (step, value) in enumerate(points)]
        for tag, points in (scalars or {}).items()
    }
    measured.put_curves(db, [(*row.key, tag, measured.pack(points)) for tag, points in curves.items()])


def catalogue(file: Path, *runs: tuple[Any, ...]) -> None:
    """A catalogue of these runs, each (row, settings, scalars)."""
    file.parent.mkdir(parents=True, exist_ok=True)

    def write(db: Database) -> None:
        for one in runs:
            put(db, *one)

    with closing(Catalogue.open(file)) as found:
        found.write(write)
