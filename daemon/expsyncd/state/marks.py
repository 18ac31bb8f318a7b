"""What the person said of runs: hidden, pinned, a note, tags. In facts.db, since nothing else knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

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


def keys_of(runs: Iterable[Sequence[str]]) -> list[RunKey]:
    """Runs as a request names them, [host, source, folder]; undecodable bytes are lone surrogates there."""
    return [(host, source, inside.encode("utf-8", "surrogateescape")) for host, source, inside in runs]


def asked(keys: Iterable[RunKey]) -> list[list[str]]:
    """Runs as a request names them: what `keys_of` reads."""
    return [[host, source, inside.decode("utf-8", "surrogateescape")] for host, source, inside in keys]


def changed(mark: Mark, change: Mapping[str, Any]) -> Mark:
    """The mark after a wish: `hidden` (None takes it back), `pinned`, `note`, `add_tags`, `drop_tags`.

    What the wish does not name stays; tags keep their order.
    """
    tags = [tag for tag in mark.tags if tag not in change.get("drop_tags", ())]
    tags += [tag for tag in dict.fromkeys(change.get("add_tags", ())) if tag not in tags]
    said = {name: change[name] for name in ("hidden", "pinned", "note") if name in change}
    return replace(mark, tags=tuple(tags), **said)


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

    def change(self, keys: Iterable[RunKey], change: Mapping[str, Any]) -> list[Mark]:
        """Apply one wish (see `changed`) to several runs, all or none; their marks now."""
        with self._db.transaction():
            known = self.known()
            made = [changed(known.get(key, Mark(*key)), change) for key in keys]
            for mark in made:
                self.put(mark)
        return made

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
