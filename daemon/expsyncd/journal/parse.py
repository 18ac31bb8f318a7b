"""From the text of a launch script to its entries. Pure: nothing of it is executed, no shell expands it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.journal.directives import directives, tasks
from expsyncd.journal.found import Reading, merged
from expsyncd.journal.place import Place
from expsyncd.journal.scope import Budget, BudgetError, Scope, Word
from expsyncd.journal.syntax import mended, tree
from expsyncd.journal.walk import Walker

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED_MOST = 5  # lines that are named in `trouble`


def parse(text: str, beside: Mapping[str, str] | None = None) -> Reading:
    """All entries of a script. `beside`: texts of scripts in the same folder by name, for `sbatch NAME`."""
    whole, changed = mended(text)
    walker = Walker(beside or {})
    given = directives(text)
    more = {f"sbatch.{name}": value for name, value in given.items()}
    numbers = tasks(given.get("array", "")) if "SLURM_ARRAY_TASK_ID" in text and "array" in given else []
    place = Place(more=more)
    budget = Budget()
    cut = False
    try:
        nodes = tree(whole).named_children
        for number in numbers or [""]:
            scope = Scope(budget=budget)
            if number:
                scope.variables["SLURM_ARRAY_TASK_ID"] = Word(number)
            walker.statements(nodes, scope, place)
            walker.uncalled(scope, place)
    except BudgetError:
        cut = True
    return Reading(merged(walker.entries), _trouble(changed, cut=cut))


def _trouble(changed: list[int], *, cut: bool) -> str:
    parts = []
    if changed:
        named = ", ".join(map(str, changed[:NAMED_MOST]))
        more = f" and {len(changed) - NAMED_MOST} more" if len(changed) > NAMED_MOST else ""
        parts.append(
            f"line{'s' if len(changed) > 1 else ''} {named}{more}: not valid shell, mended or left out"
        )
    if cut:
        parts.append("it asks for more than any launch script does; the rest is left out")
    return "; ".join(parts)


def is_script(text: str) -> bool:
    """Whether a text may be a shell script: not one of Python, JSON or YAML."""
    first = text.lstrip()[:200]
    return not re.match(r"#!.*(?:python|perl|ruby|node)|\{\s*\"|(?:import|from)\s+\w+|---\s*\n", first)
