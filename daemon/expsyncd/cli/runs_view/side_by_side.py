"""A comparison of runs as lines for a terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view import elide, grid
from expsyncd.cli.runs_view.listed import PAINT
from expsyncd.cli.runs_view.metrics import direction
from expsyncd.cli.runs_view.values import harmless, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expsyncd.cli.runs_view.difference import Row

BEST_MARK, BEST_PAINT, BOLD = "*", "32", "1"
NAME_SHARE = 3  # a third of the width for the names of rows
LEAST_CELL, LONGEST_CELL = 14, 28
SECTIONS = {
    "run": "",
    "setting": "SETTINGS",
    "last": "METRICS",
    "best": "METRICS",
    "least": "METRICS",
    "greatest": "METRICS",
}


def label(row: Row) -> str:
    """What a row is about: `lr`, `val/loss last`, `val/loss least (best)`."""
    if row.kind in ("run", "setting"):
        return harmless(row.name)
    word = f"best ({direction(row.name)})" if row.kind == "best" else row.kind
    return f"{harmless(row.name)} {word}"


@dataclass(frozen=True)
class Look:
    """How it is shown: `side` columns for what a row is about, `cell` for each run."""

    side: int
    cell: int
    colour: bool
    dots: str


def lines(
    rows: Sequence[Row], names: Sequence[str], width: int, *, colour: bool, dots: str = elide.DOTS
) -> list[str]:
    """Runs side by side, as many as fit; the others below, with the same rows."""
    labels = [label(row) for row in rows]
    side = min(max(map(elide.cells, [*labels, *SECTIONS.values()])), width // NAME_SHARE)
    across = max(1, min(len(names), (width - side) // (LEAST_CELL + grid.GAP)))
    look = Look(side, min(LONGEST_CELL, (width - side) // across - grid.GAP), colour, dots)
    heads = elide.elided([harmless(name) for name in names], look.cell, look.cell, dots)
    shown: list[str] = []
    for begin in range(0, len(names), across):
        block = range(begin, min(begin + across, len(names)))
        top = grid.painted_in(
            _line("", [f"{heads[n]:<{look.cell}}" for n in block], look), BOLD, colour=colour
        )
        shown += [*([""] if shown else []), top, *_body(rows, labels, block, look)]
    return shown


def _body(rows: Sequence[Row], labels: Sequence[str], block: range, look: Look) -> Iterator[str]:
    section = ""
    for row, text in zip(rows, labels, strict=True):
        if section != (section := SECTIONS[row.kind]):
            yield ""
            yield grid.painted_in(section, BOLD, colour=look.colour)
        yield _line(text, [_cell(row, number, look) for number in block], look)


def _cell(row: Row, number: int, look: Look) -> str:
    value = elide.cut(harmless(text_of(row.values[number])) or "-", look.cell - 1, dots=look.dots)
    mark = BEST_MARK if number in row.best else ""
    state = PAINT.get(value, "") if (row.kind, row.name) == ("run", "state") else ""
    room = " " * (look.cell - elide.cells(value + mark))
    return grid.painted_in(value + mark, BEST_PAINT if mark else state, colour=look.colour) + room


def _line(text: str, cells: Sequence[str], look: Look) -> str:
    name = elide.cut(text, look.side, dots=look.dots)
    gap = " " * grid.GAP
    return (name + " " * (look.side - elide.cells(name)) + gap + gap.join(cells)).rstrip()
