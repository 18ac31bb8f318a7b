"""Runs as a Markdown table. Pure."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.columns import differing
from expsyncd.cli.runs_view.fields import Field
from expsyncd.cli.runs_view.listed import cell
from expsyncd.cli.runs_view.metrics import direction, most_telling
from expsyncd.cli.runs_view.values import canonical, harmless
from expsyncd.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.cli.runs_view.values import Value

OWN = ("name", "state", "step", "age")
# What begins markup in a cell, or ends it. An underscore inside a word is none.
_MARKUP = re.compile(r"([\\`*|\[\]<>&])")


def escaped(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", harmless(text)).strip()


def table(seen: Sequence[Seen], now: float) -> list[str]:
    """A row for each run: state, step, age, settings that differ, last and best of what most runs measure.

    Settings that are the same wherever they are known stand below, once.
    """
    values: dict[str, dict[Value, str]] = {}
    for one in seen:
        for name, text in one.settings.items():
            values.setdefault(name, {})[canonical(text)] = text
    first = differing(seen)
    varied = [*first, *(name for name in sorted(values) if len(values[name]) > 1 and name not in first)]
    counts = Counter(tag for one in seen for tag in one.scalars)
    tags = [tag for tag in most_telling(counts, len(seen)) if counts[tag] * 2 >= len(seen)]
    fields = [*_fields(varied, tags)]
    figures = [field.kind != "run" or field.word in ("step", "age") for field in fields]
    lines = [
        _row([_head(field) for field in fields]),
        _row(["---:" if right else "---" for right in figures]),
    ]
    lines += [_row([escaped(cell(field, one, now)) for field in fields]) for one in seen]
    if same := sorted((name, *texts.values()) for name, texts in values.items() if len(texts) == 1):
        lines += ["", f"The same in all: {', '.join(f'{escaped(n)} {escaped(text)}' for n, text in same)}"]
    if left := len(counts) - len(tags):
        lines += ["", f"Left out: {counted(left, 'metric')} of less than half of the runs"]
    return lines


def _fields(settings: Sequence[str], tags: Sequence[str]) -> Iterator[Field]:
    yield from (Field(word, "run") for word in OWN)
    yield from (Field(name, "setting", ((name,),)) for name in settings)
    for tag in tags:
        yield Field(tag, "last", ((tag,),))
        if way := direction(tag):
            yield Field(f"{tag} ({way})", "best", ((tag,),))


def _head(field: Field) -> str:
    return "run" if field == Field("name", "run") else escaped(field.word)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
