"""What is known while a script is read: variables, arguments, functions, the folder. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
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

    def merge(self, branch: Scope) -> None:
        """Take over what a branch that may or may not have run has set: values are then not certain."""
        for name, value in branch.variables.items():
            before = self.variables.get(name)
            if before is None:
                self.variables[name] = Word(value.text, known=False) if isinstance(value, Word) else value
            elif before != value and isinstance(before, Word):
                self.variables[name] = Word(before.text, known=False)
        self.functions.update(branch.functions)

    def enter(self, path: str) -> None:
        """`cd`."""
        self.folder = path if path.startswith(("/", "~", "$")) or not self.folder else f"{self.folder}/{path}"
