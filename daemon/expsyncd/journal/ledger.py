"""What is known of entries: their ids, when each was first seen, which state each has now. Pure."""

from __future__ import annotations

import hashlib
import posixpath
from typing import TYPE_CHECKING, Any

from expsyncd.state.entries import EntryRow
from expsyncd.state.scripts import EntrySeen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from expsyncd.state.scripts import ScriptSnapshot

ID_DIGITS = 10


def entry_id(host: str, script: bytes, command: str) -> str:
    """The same as long as host, script and command (blanks aside) are."""
    whole = b"\0".join((host.encode(), script, command.encode("utf-8", "surrogateescape")))
    return hashlib.sha256(whole).hexdigest()[:ID_DIGITS]


def rows_of(
    host: str, script: bytes, entries: Sequence[Mapping[str, Any]], seen: Mapping[str, EntrySeen], at: float
) -> list[EntryRow]:
    """Rows of the entries that a script holds at `at`, with the times that are known of them."""
    rows = []
    for one in entries:
        entry = entry_id(host, script, str(one["key"]))
        before = seen.get(entry)
        changed = at if before is None or before.state != one["state"] else before.changed_at
        rows.append(
            EntryRow(
                entry,
                host,
                script,
                one["line"],
                one["last_line"],
                one["command"],
                one["program"],
                one["kind"],
                one["heading"],
                "\n".join(one["notes"]),
                dict(one["settings"]),
                one["state"],
                one["symbolic"],
                before.first_seen_at if before else at,
                changed,
            )
        )
    return list({row.entry: row for row in rows}.values())


def seen_after(
    host: str, script: bytes, rows: Sequence[EntryRow], seen: Mapping[str, EntrySeen], at: float
) -> list[EntrySeen]:
    """What is to be remembered: entries of the script that are there, and those that were taken out."""
    there = {row.entry for row in rows}
    found = [
        EntrySeen(row.entry, host, script, row.first_seen_at, at, row.state, row.changed_at) for row in rows
    ]
    found += [
        EntrySeen(old.entry, host, script, old.first_seen_at, old.last_seen_at, "removed", at)
        for old in seen.values()
        if old.host == host and old.script == script and old.entry not in there and old.state != "removed"
    ]
    return found


def moment(mtime_s: float, last_s: float | None, now_s: float) -> float:
    """When a script got its text: its time of change, never in the future nor before what was kept last."""
    at = min(mtime_s, now_s)
    return at if last_s is None or at > last_s else min(now_s, last_s + 1e-3)


def past(
    own: Sequence[ScriptSnapshot], others: Sequence[ScriptSnapshot]
) -> Iterator[tuple[ScriptSnapshot, dict[str, str]]]:
    """What a script said, newest first, each with the texts by name that its folder held then.

    `own`: its texts, `others`: those of the other scripts there; both oldest first.
    """
    for at in sorted({one.at for one in (*own, *others)}, reverse=True):
        then = [one for one in own if one.at <= at]
        if then:
            beside = {_called(one.script): one.text for one in others if one.at <= at}
            yield then[-1], beside


def _called(script: bytes) -> str:
    """What another script of its folder calls it."""
    return posixpath.basename(script).decode("utf-8", "surrogateescape")
