"""What differs between runs: settings, last and best values, side by side. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expsyncd.cli.runs_view.metrics import best, direction, most_telling
from expsyncd.cli.runs_view.values import alike, canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.cli.runs_view.values import Value
    from expsyncd.state.measured import ScalarRow

Kind = Literal["run", "setting", "last", "best", "least", "greatest"]


@dataclass(frozen=True)
class Row:
    """One thing and what each run has of it, None for none; `best` are the places of the best values."""

    kind: Kind
    name: str
    values: tuple[Value, ...]
    best: tuple[int, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether the runs do not all have the same."""
        first, *others = self.values
        return any(not _same(first, other) for other in others)


def compare(runs: Sequence[Seen], *, everything: bool = False) -> list[Row]:
    """States and steps, settings by name, metrics with the most telling first; only what differs."""
    rows = [
        Row("run", "state", tuple(one.row.state for one in runs)),
        Row("run", "step", tuple(one.row.step for one in runs)),
        *_settings(runs),
        *_metrics(runs),
    ]
    return [row for row in rows if everything or row.differs]


def _settings(runs: Sequence[Seen]) -> Iterable[Row]:
    for name in sorted({name for one in runs for name in one.settings}):
        yield Row("setting", name, tuple(one.settings.get(name) for one in runs))


def _metrics(runs: Sequence[Seen]) -> Iterable[Row]:
    counts: dict[str, int] = {}
    for one in runs:
        for tag in one.scalars:
            counts[tag] = counts.get(tag, 0) + 1
    for tag in most_telling(counts, len(runs)):
        rows = [one.scalars.get(tag) for one in runs]
        yield _row("last", tag, [row.last[2] if row else None for row in rows])
        if direction(tag):
            yield _row("best", tag, [_value(row, None) for row in rows])
        else:
            yield _row("least", tag, [_value(row, "least") for row in rows])
            yield _row("greatest", tag, [_value(row, "greatest") for row in rows])


def _value(row: ScalarRow | None, end: Literal["least", "greatest"] | None) -> float | None:
    if row is None:
        return None
    point = best(row) if end is None else getattr(row, end)
    return None if point is None else float(point[2])


def _row(kind: Kind, tag: str, values: Sequence[float | None]) -> Row:
    """With the best marked where the tag says which way is better; of equals all, of one none."""
    way = direction(tag)
    real = [value for value in values if value is not None and value == value]  # noqa: PLR0124 - NaN is no best
    marked: tuple[int, ...] = ()
    if way and len(real) > 1:
        top = min(real) if way == "least" else max(real)
        marked = tuple(n for n, value in enumerate(values) if value is not None and alike(value, top))
    return Row(kind, tag, tuple(values), marked if len(marked) < len(values) else ())


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return canonical(one) == canonical(other)
    if one is None or other is None or isinstance(one, str) or isinstance(other, str):
        return one is other
    return alike(one, other)
