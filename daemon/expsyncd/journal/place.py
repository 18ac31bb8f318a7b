"""Where a piece of script text stands: which lines, inside what, under which notes. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tree_sitter import Node

DEEPEST = 60
UNROLLED_MOST = 200


@dataclass(frozen=True)
class Place:
    """`first`: the line of the text's first row. `line`: of the command that holds all of it in quotes.

    `notes`: of everything around. `times`: how often loops around repeat it. `more`: settings from outside,
    such as `#SBATCH` lines. `body`: of a function that is called.
    """

    first: int = 1
    line: int | None = None
    kind: str = "plain"
    state: str = "live"
    notes: tuple[str, ...] = ()
    heading: str = ""
    more: Mapping[str, str] = field(default_factory=dict)
    times: int = 1
    deep: int = 0
    body: bool = False

    def inside(self, kind: str = "", notes: tuple[str, ...] = (), times: int = 1) -> Place:
        """One level deeper."""
        return replace(
            self,
            kind=kind or self.kind,
            notes=(*self.notes, *notes),
            times=self.times * times,
            deep=self.deep + 1,
        )

    def lines(self, node: Node) -> tuple[int, int]:
        """First and last line of a node of this text."""
        if self.line is not None:
            return self.line, self.line
        end = node.end_point[0] - (node.end_point[1] == 0 and node.end_point[0] > node.start_point[0])
        return self.first + node.start_point[0], self.first + end
