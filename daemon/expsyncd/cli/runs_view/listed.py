"""The list of runs for a terminal. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.cli.runs_view import columns, elide, grid
from expsyncd.cli.runs_view.fields import MOMENTS, values
from expsyncd.cli.runs_view.seen import marked_words
from expsyncd.cli.runs_view.values import harmless, text_of
from expsyncd.units import human_bytes, human_seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.runs_view.fields import Field
    from expsyncd.cli.runs_view.seen import Seen

PAINT = {"growing": "32", "stalled": "33", "failed": "31", "gone": "2", "unknown": "2"}
NAME_AT_LEAST, NAME_READS_WELL = 18, 32
HEADS = {"name": "RUN"}


def cell(field: Field, seen: Seen, now: float) -> str:
    """What stands in a run's row of a column; several settings that the word fits, one after the other."""
    found = values(field, seen)
    if field.kind != "run":
        return ", ".join(dict.fromkeys(harmless(text_of(value)) for value in found))
    if not found:
        return ""
    (value,) = found
    if field.word in MOMENTS and isinstance(value, float):
        return human_seconds(max(0.0, now - value))
    if field.word == "bytes" and not isinstance(value, str):
        return human_bytes(value or 0)
    return harmless(str(value))


def head(field: Field) -> str:
    """What stands above a column."""
    if field.kind == "run":
        return HEADS.get(field.word, field.word.upper())
    return harmless(field.word)


class Listing:
    """Runs as lines of at most `width` columns; what is wanted and has no room is left to the footer."""

    def __init__(self, seen: Sequence[Seen], now: float, width: int, dots: str = elide.DOTS) -> None:
        self._seen = seen
        self._now = now
        self._width = width
        self._dots = dots
        self._cells: dict[Field, list[str]] = {}

    def chosen(self, wanted: Sequence[Field]) -> tuple[list[grid.Column], int]:
        """State, name, step and age, as many of the wanted as there is room for, and how many are left."""
        names = self._rows(columns.ALWAYS[1])
        least, good = (
            max(map(elide.cells, elide.elided(names, room, self._width // 2, self._dots)))
            for room in (NAME_AT_LEAST, NAME_READS_WELL)
        )
        marked = [", ".join(marked_words(one.mark)) for one in self._seen]
        room = self._width - (max(map(len, marked)) + grid.GAP if any(marked) else 0)
        fields, name_width = columns.fit(wanted, self._need, room, (least, good))
        made = [self._column(field, name_width) for field in fields]
        left = len(columns.ALWAYS) + len(wanted) - len(fields)
        return [*made, grid.Column("", marked)] if any(marked) else made, left

    def asked(self, wanted: Sequence[Field]) -> list[grid.Column]:
        """Exactly these columns; the name gets what is left of the width, and more where it must."""
        others = sum(self._need(field) + grid.GAP for field in wanted if field.word != "name")
        return [self._column(field, max(NAME_AT_LEAST, self._width - others)) for field in wanted]

    def _rows(self, field: Field) -> list[str]:
        if field not in self._cells:
            self._cells[field] = [cell(field, one, self._now) for one in self._seen]
        return self._cells[field]

    def _need(self, field: Field) -> int:
        rows = max(map(elide.cells, self._rows(field)), default=0)
        return max(min(rows, columns.LONGEST_CELL), min(elide.cells(head(field)), columns.LONGEST_HEAD))

    def _column(self, field: Field, name_width: int) -> grid.Column:
        rows, top = self._rows(field), head(field)
        if field.kind == "run" and field.word == "name":
            return grid.Column(
                top, elide.elided(rows, name_width, max(name_width, self._width // 2), self._dots)
            )
        if field.kind == "run" and field.word == "state":
            return grid.Column(top, rows, paint=[PAINT.get(one.row.state, "") for one in self._seen])
        figures = field.kind != "run" or field.word in ("step", "age", "began", "files", "bytes")
        short = [elide.cut(text, columns.LONGEST_CELL, dots=self._dots) for text in rows]
        return grid.Column(elide.cut(top, columns.LONGEST_HEAD, dots=self._dots), short, right=figures)
