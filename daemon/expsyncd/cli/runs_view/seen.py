"""One run with what is known of it, as far as it was asked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.state.marks import Mark

if TYPE_CHECKING:
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import MeasuredRow, ScalarRow


@dataclass
class Seen:
    """`settings` and `scalars` by name and tag; `jobs` the newest first.

    `launched`: those of the settings that only the command tells which launched the run.
    """

    row: MeasuredRow
    mark: Mark
    settings: dict[str, str] = field(default_factory=dict)
    scalars: dict[str, ScalarRow] = field(default_factory=dict)
    jobs: list[JobRow] = field(default_factory=list)
    launched: dict[str, str] = field(default_factory=dict)

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


def plain_name(name: str) -> str:
    """The same for `batch-size` and `Batch_Size`."""
    return re.sub("[-_ ]", "_", name.casefold()).strip("_")


def add_launched(seen: Seen, settings: Mapping[str, str], wanted: AbstractSet[str] | None) -> None:
    """Settings of the command that launched it, of these names or all; what a file tells counts more."""
    told = {plain_name(name) for name in seen.settings if name not in seen.launched}
    for name, text in settings.items():
        if (wanted is None or name in wanted) and name not in seen.launched and plain_name(name) not in told:
            seen.settings[name] = seen.launched[name] = text
