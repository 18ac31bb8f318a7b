"""What is known while a script is read: variables, arguments, functions, the folder. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tree_sitter import Node


class Word(NamedTuple):
    """One word after expansion; not `known` while a part of it still stands as written (`$1`, `$(date)`)."""

    text: str
    known: bool = True


Value = Word | list[Word] | dict[str, Word]

STEPS_MOST = 60_000  # expansions and commands of one script; an honest script takes some thousands


class BudgetError(Exception):
    """The script asks for more work than any honest one."""


class Budget:
    """Counts work, so that no script takes longer than it is worth."""

    def __init__(self, steps: int = STEPS_MOST) -> None:
        self._left = steps

    def spend(self, steps: int = 1) -> None:
        """Raises BudgetError when nothing is left."""
        self._left -= steps
        if self._left < 0:
            raise BudgetError


@dataclass
class Scope:
    """Names and their values; `args` is None where a script's own arguments are unknown."""

    variables: dict[str, Value] = field(default_factory=dict)
    args: list[Word] | None = None
    functions: dict[str, Node] = field(default_factory=dict)
    folder: str = ""
    budget: Budget = field(default_factory=Budget)

    def copy(self) -> Scope:
        """As it is now; changes to either stay its own."""
        return Scope(dict(self.variables), self.args, dict(self.functions), self.folder, self.budget)

    def join(self, branches: Sequence[Scope], *, complete: bool) -> None:
        """Go on after branches of which one has run; `complete`: one of them surely has.

        A value that all agree on stays certain. One that only some set is what it was before, or what they
        set, and not certain. Where each branch set another, nobody knows.
        """
        names = {name for branch in branches for name in branch.variables}
        for name in names:
            before = self.variables.get(name)
            found = [branch.variables.get(name) for branch in branches]
            if not complete:
                found.append(before)
            if all(value == found[0] for value in found):
                if found[0] is not None:
                    self.variables[name] = found[0]
                continue
            changed = [value for value in found if value is not None and value != before]
            if complete and len(branches) > 1 and None not in found and before not in found:
                self.variables.pop(name, None)
                continue
            chosen = before if before is not None else changed[0]
            self.variables[name] = Word(chosen.text, known=False) if isinstance(chosen, Word) else chosen
        for branch in branches:
            self.functions.update(branch.functions)

    def enter(self, path: str) -> None:
        """`cd`."""
        self.folder = path if path.startswith(("/", "~", "$")) or not self.folder else f"{self.folder}/{path}"
