"""`--where 'lr=1e-4'`: conditions on what runs have. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.fields import MOMENTS, values
from expsyncd.cli.runs_view.values import alike, number, plain
from expsyncd.config.durations import EXAMPLES, parse_duration
from expsyncd.errors import EXIT_USAGE, Error

if TYPE_CHECKING:
    from expsyncd.cli.runs_view.fields import Field
    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.cli.runs_view.values import Value

_CONDITION = re.compile(r"\s*(.+?)\s*(<=|>=|!=|!~|==|=|<|>|~)\s*(.*?)\s*", re.DOTALL)
HOW = "write NAME, one of = != < <= > >= ~ !~ and a value, like 'lr=1e-4' or 'val/loss<0.2'"


@dataclass(frozen=True)
class Condition:
    """`name` is looked up among what runs have; `amount` is the number that `text` is, else None."""

    name: str
    comparison: str
    text: str
    amount: float | None


def parse(text: str) -> Condition:
    """`lr=1e-4`, `val/loss < 0.2`, `model~unet`. Raises Error that says how to write one."""
    found = _CONDITION.fullmatch(text)
    if not found or not found[3]:
        raise _misused(f"{text!r} is no condition", HOW)
    name, comparison, value = found[1], found[2].replace("==", "="), found[3]
    if name in MOMENTS and comparison in "<=>=":
        try:
            return Condition(name, comparison, value, parse_duration(value).total_seconds())
        except ValueError:
            raise _misused(f"{value!r} is no duration", f"write it {EXAMPLES}") from None
    amount = number(value)
    if amount is None and comparison[0] in "<>":
        raise _misused(f"{value!r} is no number", f"{comparison} compares numbers; = and ~ compare texts")
    return Condition(name, comparison, value, amount)


def holds(condition: Condition, field: Field, seen: Seen, now: float) -> bool:
    """Whether it is true of the run; never of one that has no such value."""
    here = values(field, seen)
    if field.kind == "run" and field.word in MOMENTS:
        here = [now - value for value in here if isinstance(value, float)]
    if condition.comparison in ("!=", "!~"):
        return bool(here) and all(true_of(condition, value) for value in here)
    return any(true_of(condition, value) for value in here)


def true_of(condition: Condition, value: Value) -> bool:
    """Whether it is true of one value."""
    amount = number(value) if isinstance(value, str) else value
    text = value if isinstance(value, str) else f"{value:g}"
    match condition.comparison:
        case "=":
            return _equal(condition, amount, text)
        case "!=":
            return not _equal(condition, amount, text)
        case "~":
            return _like(condition, text)
        case "!~":
            return not _like(condition, text)
    if amount is None or condition.amount is None:
        return False
    match condition.comparison:
        case "<":
            return amount < condition.amount
        case "<=":
            return amount <= condition.amount or alike(amount, condition.amount)
        case ">":
            return amount > condition.amount
        case ">=":
            return amount >= condition.amount or alike(amount, condition.amount)
    raise AssertionError(condition.comparison)


def _equal(condition: Condition, amount: float | None, text: str) -> bool:
    if amount is not None and condition.amount is not None:
        return alike(amount, condition.amount)
    if any(mark in condition.text for mark in "*?"):
        return fnmatchcase(plain(text), plain(condition.text).replace("[", "[[]"))
    return plain(text) == plain(condition.text)


def _like(condition: Condition, text: str) -> bool:
    return plain(condition.text) in text.casefold()


def _misused(title: str, advice: str) -> Error:
    error = Error(title, advice)
    error.exit_status = EXIT_USAGE
    return error
