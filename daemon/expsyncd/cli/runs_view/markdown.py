"""Runs as a Markdown table. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.columns import differing
from expsyncd.cli.runs_view.fields import Field
from expsyncd.cli.runs_view.listed import cell
from expsyncd.cli.runs_view.metrics import direction, most_telling
from expsyncd.cli.runs_view.values import canonical, harmless

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.runs_view.seen import Seen

OWN = ("name", "state", "step", "age")
# What begins markup in a cell, or ends it. An underscore inside a word is none.
_MARKUP = re.compile(r"([\\`*|\[\]<>&])")


def escaped(text: str) -> str:
    """A text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\1", harmless(text)).strip()


def table(seen: Sequence[Seen], now: float) -> list[str]:
    """A row for each run: state, step, age, settings that differ, last and best of every metric.

    Settings that are the same in all runs stand below, once.
    """
    varied = [name for name in sorted({n for one in seen for n in one.settings}) if _varies(seen, name)]
    first = [name for name in differing(seen) if name in varied]
    varied = [*first, *(name for name in varied if name not in first)]
    counts: dict[str, int] = {}
    for one in seen:
        for tag in one.scalars:
            counts[tag] = counts.get(tag, 0) + 1
    fields = [Field(word, "run") for word in OWN]
    fields += [Field(name, "setting", ((name,),)) for name in varied]
    for tag in most_telling(counts, len(seen)):
        fields.append(Field(tag, "last", ((tag,),)))
        if way := direction(tag):
            fields.append(Field(f"{tag} ({way})", "best", ((tag,),)))
    heads = [escaped("run" if field.word == "name" else field.word) for field in fields]
    figures = [field.kind != "run" or field.word in ("step", "age") for field in fields]
    lines = [_row(heads), _row(["---:" if right else "---" for right in figures])]
    lines += [_row([escaped(cell(field, one, now)) for field in fields]) for one in seen]
    if same := _shared(seen, varied):
        lines += ["", f"All of them: {same}"]
    return lines


def _varies(seen: Sequence[Seen], name: str) -> bool:
    values = {canonical(one.settings[name]) if name in one.settings else None for one in seen}
    return len(values) > 1


def _shared(seen: Sequence[Seen], varied: Sequence[str]) -> str:
    if len(seen) < 1:
        return ""
    pairs = sorted((name, text) for name, text in seen[0].settings.items() if name not in varied)
    return ", ".join(f"{escaped(name)} {escaped(text)}" for name, text in pairs)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
