"""Saying something of runs: through the daemon, which acts on it at once, or without one under the lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import NotRunningError
from expsyncd.state.marks import asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.paths import Paths
    from expsyncd.state.measured import RunKey

AT_ONCE = 1000  # runs a request; a request has its longest, and a folder's name may have 4096 bytes


def mark(paths: Paths, keys: Sequence[RunKey], **change: Any) -> None:
    """Change what is said of these runs: `hidden`, `pinned`, `note`, `add_tags`, `drop_tags`."""
    try:
        for begin in range(0, len(keys), AT_ONCE):
            runs = asked(keys[begin : begin + AT_ONCE])
            client.ask(paths.control_socket, request("mark", runs=runs, **change))
    except NotRunningError:
        _here(paths, keys, change)


def _here(paths: Paths, keys: Sequence[RunKey], change: dict[str, Any]) -> None:
    from expsyncd.state.facts import Facts
    from expsyncd.state.lock import only_one
    from expsyncd.state.marks import change_of

    paths.make_private()
    with only_one(paths.lock_file, "a command that marks runs"):
        facts = Facts.open(paths.facts_db)
        try:
            facts.marks.change(keys, change_of(change))
        finally:
            facts.close()
