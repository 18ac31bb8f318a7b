"""Words for what a run has: `name`, a setting, a metric's last or best value. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.metrics import best, direction
from expsyncd.cli.runs_view.seen import marked_words, plain_name
from expsyncd.cli.runs_view.values import harmless, number
from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.cli.runs_view.values import Value

OWN: dict[str, Callable[[Seen], Value]] = {
    "name": lambda seen: seen.row.name,
    "host": lambda seen: seen.row.host,
    "source": lambda seen: seen.row.source,
    "state": lambda seen: seen.row.state,
    "why": lambda seen: seen.row.why,
    "kind": lambda seen: seen.row.kind,
    "step": lambda seen: seen.row.step,
    "age": lambda seen: seen.row.newest_at,  # a moment here; whoever shows it knows the time now
    "began": lambda seen: seen.row.began_at,
    "files": lambda seen: seen.row.files,
    "bytes": lambda seen: seen.row.bytes,
    "note": lambda seen: seen.mark.note or None,
    "tags": lambda seen: ", ".join(seen.mark.tags) or None,
    "mark": lambda seen: ", ".join(marked_words(seen.mark)) or None,
    "job": lambda seen: seen.jobs[0].job if seen.jobs else None,
    "job-state": lambda seen: seen.jobs[0].state if seen.jobs else None,
}
MOMENTS = {"age", "began"}
STATES = ("growing", "stalled", "finished", "failed", "gone", "unknown")
PREFIXES = {
    "setting": "setting", "metric": "last", "last": "last", "best": "best", "least": "least", "min": "least",
    "greatest": "greatest", "max": "greatest",
}  # fmt: skip
NEAR_SHOWN = 4


@dataclass(frozen=True)
class Field:
    """`word` as it was typed; `kind`: run, setting, last, best, least or greatest.

    `names`: groups of setting names, the closest to the word first, or one group with the one tag.
    """

    word: str
    kind: str
    names: tuple[tuple[str, ...], ...] = ()

    @property
    def tag(self) -> str | None:
        """The metric's tag; None for what is no metric."""
        return self.names[0][0] if self.kind not in ("run", "setting") else None


def find(word: str, settings: Iterable[str], tags: Iterable[str]) -> Field:
    """What `word` means: a run's own word, a setting, a metric, in this order; a prefix says which.

    Prefixes: `setting:`, `last:` (or `metric:`), `best:`, `least:` (`min:`), `greatest:` (`max:`).
    Raises Error with the nearest names when it means nothing, or several metrics.
    """
    if word in OWN:
        return Field(word, "run")
    prefix, colon, rest = word.partition(":")
    kind = PREFIXES.get(prefix) if colon and rest else None
    settings, tags = list(settings), list(tags)
    if kind is None or kind == "setting":
        groups = _groups(rest if kind else word, settings)
        if groups:
            return Field(word, "setting", tuple(groups))
        if kind:
            raise _unknown(rest, settings, "setting")
    groups = _groups(rest if kind else word, tags)
    if not groups:
        raise _unknown(
            rest if kind else word, tags if kind else [*OWN, *settings, *tags], "metric" if kind else None
        )
    if len(groups[0]) > 1:
        several = ", ".join(map(harmless, groups[0][:NEAR_SHOWN])) + (
            " …" if len(groups[0]) > NEAR_SHOWN else ""
        )
        raise Error(f"{word} may be {len(groups[0])} metrics", f"say which: {several}")
    if kind == "best" and direction(groups[0][0]) is None:
        tag = harmless(groups[0][0])
        raise Error(
            f"the name of {tag} does not say what its best is", f"write least:{tag} or greatest:{tag}"
        )
    return Field(word, kind or "last", (groups[0],))


def values(field: Field, seen: Seen) -> list[Value]:
    """What the run has of it: none, one value, or the settings that the word fits equally well."""
    if field.kind == "run":
        found = OWN[field.word](seen)
        return [] if found is None else [found]
    if field.kind == "setting":
        for group in field.names:
            if here := [seen.settings[name] for name in group if name in seen.settings]:
                return list(here)
        return []
    row = seen.scalars.get(field.tag or "")
    if row is None:
        return []
    point = best(row) if field.kind == "best" else getattr(row, field.kind)
    return [] if point is None else [point[2]]


def order(field: Field, seen: Seen) -> tuple[float, str] | None:
    """What a run is sorted by: numbers by size, before texts by the alphabet; None when it has none."""
    for value in values(field, seen):
        if field == Field("age", "run"):
            return (-float(value or 0), "")  # the newest has the least age
        if field == Field("state", "run") and value in STATES:
            return (STATES.index(str(value)), "")
        amount = number(value) if isinstance(value, str) else value
        if amount is None:
            return (float("inf"), str(value).casefold())
        if amount == amount:  # noqa: PLR0124 - NaN belongs after all numbers, as if there were none
            return (amount, "")
    return None


def _groups(word: str, names: Iterable[str]) -> list[tuple[str, ...]]:
    """The names that are the word, that are it but for case and hyphens, that end with it."""
    wanted = plain_name(word)
    exact, equal, ending = [], [], []
    for name in sorted(set(names)):
        plain = plain_name(name)
        if name == word:
            exact.append(name)
        elif plain == wanted:
            equal.append(name)
        elif plain.endswith(wanted) and plain[-len(wanted) - 1] in "./:":
            ending.append(name)
    return [tuple(group) for group in (exact, equal, ending) if group]


def _unknown(word: str, names: Iterable[str], kind: str | None) -> Error:
    names = list(dict.fromkeys(names))
    near = get_close_matches(word, names, NEAR_SHOWN, 0.6)
    ends = {re.split("[./]", name)[-1]: name for name in names}
    near += [ends[end] for end in get_close_matches(word, ends, 2, 0.6)]
    what = f"no run has a {kind or 'setting or a metric'} called {word}"
    if near:
        return Error(what, f"did you mean {', '.join(map(harmless, dict.fromkeys(near)))}?")
    return Error(what, "`expsyncd show RUN` lists what a run has")
