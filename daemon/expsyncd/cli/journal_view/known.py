"""The journal's entries with their runs, as the catalogue has them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.state.catalogue import reading
from expsyncd.state.entries import entries_of, links_of, unlinked_of
from expsyncd.state.measured import measured_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.paths import Paths
    from expsyncd.state.entries import EntryRow, LinkRow
    from expsyncd.state.measured import MeasuredRow

NOTHING = Error("the journal is empty", "`journal: [~/run.sh]` on a host in hosts.yaml names launch scripts")


@dataclass(frozen=True)
class Known:
    """One entry; `runs`: those it is linked to, None for one that the catalogue does not know (yet)."""

    row: EntryRow
    runs: Sequence[tuple[LinkRow, MeasuredRow | None]] = ()
    unlinked: str = ""

    @property
    def place(self) -> str:
        """HOST:SCRIPT."""
        return f"{self.row.host}:{self.row.script.decode('utf-8', 'surrogateescape')}"

    @property
    def notes(self) -> list[str]:
        """One note a line."""
        return [note for note in self.row.notes.split("\n") if note]


def known_entries(paths: Paths) -> list[Known]:
    """All, by when they were first seen. Raises Error where there is no catalogue."""
    with reading(paths.catalogue_db) as db:
        rows, links, unlinked = entries_of(db), links_of(db), unlinked_of(db)
        measured = {row.key: row for row in measured_of(db)}
    by_entry: dict[str, list[tuple[LinkRow, MeasuredRow | None]]] = defaultdict(list)
    for link in links:
        by_entry[link.entry].append((link, measured.get((link.host, link.source, link.inside))))
    return [Known(row, by_entry.get(row.entry, ()), unlinked.get(row.entry, "")) for row in rows]


def entry_meant(entries: Sequence[Known], word: str) -> Known:
    """The one entry whose id begins so. Raises Error."""
    found = [one for one in entries if one.row.entry.startswith(word.lower())]
    if len(found) == 1:
        return found[0]
    if found:
        raise Error(f"{word} may be {len(found)} entries", "type more of the id; `expsyncd journal` shows it")
    raise Error(f"no entry {word}", "`expsyncd journal` lists them, the id stands first")
