"""Runs as the CLI sees them, without a catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.cli.runs_view.seen import Seen
from expsyncd.state.marks import Mark
from support.catalogues import run, scalar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Curve = tuple[int, float]


def seen(
    name: str,
    settings: Mapping[str, str] | None = None,
    scalars: Mapping[str, Sequence[Curve]] | None = None,
    mark: Mapping[str, Any] | None = None,
    **given: Any,
) -> Seen:
    """One run; `given` as for `run`, `mark` as for Mark."""
    row = run(name, **given)
    rows = {tag: scalar(row, tag, *points) for tag, points in (scalars or {}).items()}
    return Seen(row, Mark(*row.key, **(mark or {})), dict(settings or {}), rows)
