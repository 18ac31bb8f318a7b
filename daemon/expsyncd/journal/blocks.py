"""A block of comment lines: commands that were commented out, notes, headings. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.journal.comments import pieces

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.journal.found import Entry
    from expsyncd.journal.place import Place
    from expsyncd.journal.scope import Scope
    from expsyncd.journal.walk import Walker


def block_of(
    walker: Walker,
    lines: Sequence[str],
    row: int,
    scope: Scope,
    place: Place,
    pending: list[str],
    *,
    alone: bool,
) -> tuple[str, list[str]]:
    """Comment lines that follow each other: the heading from now on, and notes for what comes next."""
    parts = pieces(lines, scope.functions, scope.budget)
    codes = [part for part in parts if part.what == "code"]
    ruled = any(part.what == "rule" for part in parts)
    heading, notes = place.heading, list(pending)
    inner = scope.copy()
    group: list[Entry] = []
    fresh: list[str] = []
    for part in parts:
        if part.what == "rule":
            continue
        if part.what == "code":
            count, known = len(walker.entries), dict(inner.functions)
            kind = "comment" if place.kind == "plain" else place.kind
            commented = replace(
                place, first=place.first + row + part.row, kind=kind, state="commented", heading=heading,
                notes=(*place.notes, *notes), deep=place.deep + 1,
            )  # fmt: skip
            walker.text(part.text, inner, commented)
            walker.uncalled(inner, commented, known)
            if len(walker.entries) > count:
                group, notes, fresh = walker.entries[count:], [], []
        elif part.text.startswith("^") and (above := group or walker.ending(place.first + row - 1)):
            for entry in above:  # an arrow points at the command before it
                entry.notes.append(part.text.lstrip("^ "))
        elif part.what == "heading" or (ruled and not group) or (alone and not codes):
            fresh.append(part.text)
            heading = " ".join(fresh)
        else:
            notes.append(part.text)
    if alone and group:
        for entry in group:
            entry.notes += [note for note in notes if note not in entry.notes]
        notes = []
    return heading, [] if alone else notes
