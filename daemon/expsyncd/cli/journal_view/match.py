"""Which entries are meant: words, settings as in `runs --where`, host, state, age. Pure."""

from __future__ import annotations

import re
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.where import parse, true_of
from expsyncd.config.durations import EXAMPLES, parse_duration
from expsyncd.errors import EXIT_USAGE, Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.journal_view.known import Known
    from expsyncd.cli.runs_view.where import Condition

STATES = ("live", "commented", "removed")
_CONDITION = re.compile(r"[A-Za-z_][\w./@-]*\s*(?:<=|>=|!=|!~|==|=|<|>|~)\s*\S.*", re.DOTALL)


def fitting(
    entries: Sequence[Known],
    words: Sequence[str],
    hosts: Sequence[str],
    states: Sequence[str],
    since: float | None,
) -> list[Known]:
    """The entries that all words fit; `since`: first seen after, in seconds since 1970."""
    tests = [parse(word) if _CONDITION.fullmatch(word) else word.casefold() for word in words]
    return [
        one
        for one in entries
        if (not hosts or one.row.host in hosts)
        and (not states or one.row.state in states)
        and (since is None or one.row.first_seen_at >= since)
        and all(_fits(one, test) for test in tests)
    ]


def _fits(one: Known, test: Condition | str) -> bool:
    if not isinstance(test, str):
        values = [value for name, value in one.row.settings.items() if _named(name, test.name)]
        if test.comparison in ("!=", "!~"):
            return bool(values) and all(true_of(test, value) for value in values)
        # What is written so somewhere in a command is found as well: `key=value` that is no setting.
        return any(true_of(test, value) for value in values)
    row = one.row
    texts = [
        row.command, row.notes, row.heading, one.place, row.entry, row.kind,
        *(f"{name}={value}" for name, value in row.settings.items()),
        *(run.name for _, run in one.runs if run is not None),
    ]  # fmt: skip
    if any(mark in test for mark in "*?"):
        return any(fnmatchcase(text.casefold(), f"*{test}*") for text in texts)
    return any(test in text.casefold() for text in texts)


def _named(name: str, wanted: str) -> bool:
    """Its whole name or the end of it: `lr` means `optim.lr`, too; dashes are underscores."""
    have, want = name.replace("-", "_").casefold(), wanted.replace("-", "_").casefold()
    return have == want or have.endswith((f".{want}", f"/{want}"))


def moment(text: str, now: float, option: str) -> float:
    """`7d` (ago) or a date, in seconds since 1970. Raises Error."""
    try:
        return now - parse_duration(text).total_seconds()
    except ValueError:
        pass
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        error = Error(
            f"{option} {text!r} is no time", f"write how long ago, {EXAMPLES}, or a date like 2026-03-01"
        )
        error.exit_status = EXIT_USAGE
        raise error from None
    return found.timestamp()  # one without a zone is meant in the computer's own
