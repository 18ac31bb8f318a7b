"""Did each run find its command in the launch script, with its notes, and do their settings agree."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.state.catalogue import reading
from expsyncd.state.entries import entries_of, links_of
from expsyncd.state.measured import measured_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Launched:
    """The command that started `run`, empty while none is linked; `lr` as the command and the run say it."""

    run: str
    command: str = ""
    notes: str = ""
    lr: tuple[str, str] = ("", "")

    @property
    def passed(self) -> bool:
        """There is one, and both mean the same learning rate."""
        try:
            return bool(self.command and self.notes) and float(self.lr[0]) == float(self.lr[1])
        except ValueError:
            return False


def launched(catalogue: Path, runs: Iterable[str]) -> list[Launched]:
    """Each run's command, as the catalogue has it; none where there is no catalogue yet."""
    names = list(runs)
    try:
        with reading(catalogue) as db:
            entries = {row.entry: row for row in entries_of(db)}
            keys = {
                row.name.rpartition("/")[2]: row.key for row in measured_of(db) if row.kind == "tensorboard"
            }
            linked = {(link.host, link.source, link.inside): entries.get(link.entry) for link in links_of(db)}
            found = []
            for name in names:
                entry = linked.get(keys[name]) if name in keys else None
                if entry is None:
                    found.append(Launched(name))
                    continue
                own = {row.name: row.value for row in settings_of(db, keys[name])}
                lr = entry.settings.get("lr", ""), own.get("lr", "")
                found.append(Launched(name, entry.command, entry.notes, lr))
            return found
    except Error:
        return [Launched(name) for name in names]
