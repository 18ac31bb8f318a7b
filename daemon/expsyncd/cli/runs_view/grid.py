"""Rows in columns for a terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.elide import cells

if TYPE_CHECKING:
    from collections.abc import Sequence

GAP = 2


@dataclass(frozen=True)
class Column:
    """A head and a cell for each row; figures stand `right`. `paint`: a colour code for each cell."""

    head: str
    rows: Sequence[str]
    right: bool = False
    paint: Sequence[str] = ()

    @property
    def width(self) -> int:
        """Columns it needs."""
        return max([cells(self.head), *map(cells, self.rows)])


def lines(columns: Sequence[Column], *, colour: bool = False, heads: bool = True) -> list[str]:
    """The rows as lines, the heads above; nothing follows the last text of a line."""
    widths = [column.width for column in columns]
    shown = []
    if heads:
        shown.append(_line([(column.head, "") for column in columns], columns, widths, colour=False))
    for number in range(len(columns[0].rows)):
        row = [(column.rows[number], column.paint[number] if column.paint else "") for column in columns]
        shown.append(_line(row, columns, widths, colour=colour))
    return shown


def _line(
    row: Sequence[tuple[str, str]], columns: Sequence[Column], widths: Sequence[int], *, colour: bool
) -> str:
    parts = []
    for (text, code), column, width in zip(row, columns, widths, strict=True):
        room = " " * (width - cells(text))
        painted = painted_in(text, code, colour=colour)
        parts.append(room + painted if column.right else painted + room)
    return (" " * GAP).join(parts).rstrip()


def painted_in(text: str, code: str, *, colour: bool) -> str:
    """The text in a colour of the terminal (`32`), where it has any."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour and code and text else text
