"""What a person asks of the list of runs: which ones, in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view import fields, where
from expsyncd.cli.runs_view.names import NO_RUNS, fitting
from expsyncd.errors import Error
from expsyncd.units import counted

if TYPE_CHECKING:
    from datetime import timedelta

    from expsyncd.cli.runs_view.fields import Field
    from expsyncd.cli.runs_view.read import Reader
    from expsyncd.cli.runs_view.seen import Seen


@dataclass(frozen=True)
class Ask:
    """Filters are and-ed; several names, hosts (or globs), states or tags are or-ed among themselves."""

    names: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    newer: timedelta | None = None
    older: timedelta | None = None
    where: list[str] = field(default_factory=list)
    sort: str | None = None
    reverse: bool = False
    limit: int | None = None


@dataclass(frozen=True)
class Answer:
    """`seen` are the runs asked for; `of` how many there are in all, `left` how many the limit cut off."""

    seen: list[Seen]
    of: int
    left: int = 0


def answer(reader: Reader, ask: Ask, now: float) -> Answer:
    """The runs that are asked for, in the order asked for; without one, pinned runs and the newest first.

    Raises Error for words that mean nothing, and where there are no runs at all.
    """
    everything = reader.runs()
    if not everything:
        if unread := reader.unread():
            raise Error(
                f"{counted(unread, 'run')} in the mirror, and none was read yet",
                "the daemon reads them within seconds; `expsyncd status` says whether it runs",
            )
        raise NO_RUNS
    seen = [one for one in everything if _fits(one, ask, now)]
    named = set(fitting([one.name for one in seen], ask.names))
    seen = [one for one in seen if one.name in named]
    for text in ask.where:
        condition = where.parse(text)
        found = resolved(reader, condition.name)
        fill(reader, seen, [found])
        seen = [one for one in seen if where.holds(condition, found, one, now)]
    ordered = _ordered(reader, seen, ask)
    shown = ordered if ask.limit is None else ordered[: ask.limit]
    return Answer(shown, len(everything), len(ordered) - len(shown))


def resolved(reader: Reader, word: str) -> Field:
    """What a word means among all runs, also those that are filtered away."""
    if word in fields.OWN:
        return fields.find(word, (), ())
    everything = reader.runs()
    return fields.find(word, reader.setting_names(everything), reader.tags(everything))


def fill(reader: Reader, seen: list[Seen], wanted: list[Field]) -> None:
    """Read what these fields are about."""
    settings = {name for one in wanted if one.kind == "setting" for group in one.names for name in group}
    if settings:
        reader.settings(seen, settings)
    reader.scalars(seen, [one.tag for one in wanted if one.tag])


def _fits(one: Seen, ask: Ask, now: float) -> bool:
    row = one.row
    if ask.hosts and not any(fnmatchcase(row.host, host) for host in ask.hosts):
        return False
    if ask.states and row.state not in ask.states:
        return False
    if ask.tags and not set(ask.tags) & set(one.mark.tags):
        return False
    if ask.newer is None and ask.older is None:
        return True
    if row.newest_at is None:
        return False
    age = now - row.newest_at
    return (ask.newer is None or age <= ask.newer.total_seconds()) and (
        ask.older is None or age >= ask.older.total_seconds()
    )


def _ordered(reader: Reader, seen: list[Seen], ask: Ask) -> list[Seen]:
    word, down = ask.sort or "age", ask.reverse
    if word.startswith("-"):
        word, down = word[1:], not down
    by = resolved(reader, word)
    fill(reader, seen, [by])
    keyed = [(fields.order(by, one), one) for one in seen]
    have = sorted(
        ((key, one) for key, one in keyed if key is not None), key=lambda pair: pair[0], reverse=down
    )
    # What has no such value is last either way round.
    ordered = [one for _, one in have] + [one for key, one in keyed if key is None]
    return ordered if ask.sort else sorted(ordered, key=lambda one: not one.mark.pinned)
