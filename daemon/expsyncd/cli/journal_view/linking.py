"""Saying which run an entry belongs to: through the daemon, or without one under its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.cli.journal_view.known import entry_meant, known_entries
from expsyncd.cli.runs_view.names import several_of
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import NotRunningError
from expsyncd.state.catalogue import reading
from expsyncd.state.marks import asked
from expsyncd.state.measured import measured_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.paths import Paths
    from expsyncd.state.measured import RunKey

WORDS = {True: "belongs to", False: "does not belong to", None: "is left to what speaks for itself with"}


def say_linked(paths: Paths, entry: str, words: Sequence[str], *, linked: bool | None) -> list[str]:
    """Say it; the lines that tell the person. Raises Error."""
    one = entry_meant(known_entries(paths), entry)
    with reading(paths.catalogue_db) as db:
        rows = {row.name: row for row in measured_of(db)}
    names = several_of(list(rows), words)
    keys = [rows[name].key for name in names]
    lines = [f"{one.row.entry[:6]} {WORDS[linked]} {name}" for name in names]
    try:
        client.ask(
            paths.control_socket, request("link", entry=one.row.entry, runs=asked(keys), linked=linked)
        )
    except NotRunningError:
        _here(paths, one.row.entry, keys, linked)
        lines.append("it shows when expsyncd runs again")
    return lines


def _here(paths: Paths, entry: str, keys: Sequence[RunKey], linked: bool | None) -> None:
    from expsyncd.state.facts import Facts
    from expsyncd.state.lock import only_one

    paths.make_private()
    with only_one(paths.lock_file, "a command that links entries"):
        facts = Facts.open(paths.facts_db)
        try:
            for key in keys:
                facts.scripts.put_hand_link(entry, key, linked)
        finally:
            facts.close()
