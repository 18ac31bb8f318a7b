"""What reading a script gives: entries, and what could not be read. Pure."""

from __future__ import annotations

import hashlib
import re
import shlex
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.journal.scope import Word

ENTRIES_MOST = 5000
LONGEST = 4000  # characters of a command that are kept
_PLAIN = re.compile(r"[\w@%+=:,./$\[\]^~!?*#{}-]+")


@dataclass
class Entry:
    """One command; lines count from 1. `settings`: text by name. `state`: live or commented."""

    line: int
    last_line: int
    command: str
    program: str
    kind: str
    heading: str = ""
    notes: list[str] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    state: str = "live"
    symbolic: bool = False
    folder: str = ""


@dataclass(frozen=True)
class Reading:
    """All entries of a script by line; `trouble` says what was left out, empty when nothing was."""

    entries: tuple[Entry, ...]
    trouble: str = ""


def shell_text(words: Sequence[Word], before: Sequence[tuple[str, str]] = ()) -> str:
    """A command as one would type it; what is not known stays a variable."""
    parts = [f"{name}={_word(value, known=True)}" for name, value in before]
    parts += [_word(word.text, known=word.known) for word in words]
    text = " ".join(parts)
    if len(text) <= LONGEST:
        return text
    # By the digest two that differ behind the cut are two.
    return f"{text[: LONGEST - 10]}… {hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _word(text: str, *, known: bool) -> str:
    if _PLAIN.fullmatch(text):
        return text
    if known:
        return shlex.quote(text)
    return (
        text
        if re.fullmatch(r"(?:[$<>]\([^()]*\)|\$\(\([^()]*\)\)|`[^`]*`|[^\s\"'])+", text)
        else '"' + text.replace('"', '\\"') + '"'
    )


def merged(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """One entry for each command: live before commented, the first line, all notes and settings."""
    by_command: dict[str, Entry] = {}
    for entry in entries:
        key = normalised(entry.command)
        before = by_command.get(key)
        if before is None:
            by_command[key] = entry
            continue
        first, second = (
            (entry, before) if (before.state, entry.state) == ("commented", "live") else (before, entry)
        )
        by_command[key] = replace(
            first,
            notes=[*first.notes, *(note for note in second.notes if note not in first.notes)],
            settings={**second.settings, **first.settings},
            heading=first.heading or second.heading,
            kind="sbatch" if "sbatch" in (first.kind, second.kind) else first.kind,
        )
    return tuple(sorted(by_command.values(), key=lambda entry: entry.line))


def normalised(command: str) -> str:
    """What makes two commands the same: blanks do not count."""
    return " ".join(command.split())
