"""The figures of the table of connection faults, printed and kept in the documents."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from faults.connections.rows import ROWS

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
HEAD = ("fault", "what happens", "noticed after", "status says", "fresh again after")


class Figures(NamedTuple):
    """Seconds from the fault to another status, and from its end (or its notice) to fresh; what was said."""

    noticed_s: float
    recovered_s: float
    said: str


def lines(figures: dict[str, Figures]) -> list[str]:
    """The table in Markdown; rows that did not run are left out."""
    found = ["| " + " | ".join(HEAD) + " |", "|---|---|---|---|---|"]
    for row in ROWS:
        if row.name in figures:
            one = figures[row.name]
            cells = (row.name, row.what, f"{one.noticed_s:.1f} s", one.said, f"{one.recovered_s:.1f} s")
            found.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    return found


def record(figures: dict[str, Figures], path: str | None) -> None:
    """Print the table and, if a document is named and no row is missing, put it between its marks there."""
    text = "\n".join(lines(figures))
    print(f"\n{text}\n")
    if path and len(figures) == len(ROWS):
        page = Path(path)
        before, _, rest = page.read_text().partition(BEGIN)
        page.write_text(f"{before}{BEGIN}\n{text}\n{END}{rest.partition(END)[2]}")
