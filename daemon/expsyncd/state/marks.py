"""What the person said of runs: hidden, pinned, a note, tags. In facts.db, since nothing else knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.state.measured import RunKey
    from expsyncd.state.sqlite import Database


@dataclass(frozen=True)
class Mark:
    """One run; `hidden` None: the rule of the config decides, else the person did."""

    host: str
    source: str
    inside: bytes
    hidden: bool | None = None
    pinned: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> RunKey:
        """What identifies the run."""
        return self.host, self.source, self.inside


class Marks:
    """The table of facts.db; synchronous, in the database thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, mark: Mark) -> None:
        """In place of what was said of the run; a mark that says nothing is forgotten."""
        if mark == Mark(*mark.key):
            self._db.execute("DELETE FROM marks WHERE host=? AND source=? AND inside=?", mark.key)
            return
        self._db.execute(
            "INSERT OR REPLACE INTO marks (host, source, inside, hidden, pinned, note, tags)"
            " VALUES (?,?,?,?,?,?,?)",
            (*mark.key, mark.hidden, mark.pinned, mark.note, json.dumps(mark.tags)),
        )

    def known(self) -> dict[RunKey, Mark]:
        """All, by run."""
        rows = self._db.execute("SELECT host, source, inside, hidden, pinned, note, tags FROM marks")
        return {
            (host, source, inside): Mark(
                host, source, inside, None if hidden is None else bool(hidden), bool(pinned), note,
                tuple(json.loads(tags)),
            )
            for host, source, inside, hidden, pinned, note, tags in rows
        }  # fmt: skip
