"""One run with what is known of it, as far as it was asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.state.marks import Mark

if TYPE_CHECKING:
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import MeasuredRow, ScalarRow


@dataclass
class Seen:
    """`settings` and `scalars` by name and tag; `jobs` the newest first."""

    row: MeasuredRow
    mark: Mark
    settings: dict[str, str] = field(default_factory=dict)
    scalars: dict[str, ScalarRow] = field(default_factory=dict)
    jobs: list[JobRow] = field(default_factory=list)

    @property
    def name(self) -> str:
        """HOST/RUN as TensorBoard calls it."""
        return self.row.name


def marked_words(mark: Mark) -> list[str]:
    """What the person said besides a note and tags."""
    words = ["pinned"] if mark.pinned else []
    if mark.hidden is not None:
        words.append("hidden" if mark.hidden else "shown")
    return words
