"""What changed in the mirror since somebody looked, and when to look again. Pure; moments in monotonic s.

A look at what changed costs little, one at everything goes through the whole mirror; during the first pull of
a million files each batch says everything. So the two wait each by its own share of the time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.mirror.batch import Batch

SHARE = 4.0  # a look at what changed waits this many times as long as the last one took
SHARE_OF_ALL = 20.0  # and one at everything
MOST = 5000  # paths of single looks; beyond, a walk is cheaper
NEVER = float("inf")


class Looks:
    """`add` batches, `take` what to look at once it is `due`, say how long that took by `looked`."""

    def __init__(self) -> None:
        self._paths: set[bytes] = set()
        self._everything = True
        self._at = self._all_at = 0.0

    def add(self, batch: Batch) -> None:
        """These changed."""
        self._paths.update(batch.paths)
        if batch.everything or len(self._paths) > MOST:
            self._everything = True
            self._paths.clear()

    def add_everything(self) -> None:
        """Look at everything, and soon: not for what the mirror does, but for what is made of it."""
        self._everything = True
        self._all_at = self._at

    def due(self) -> float:
        """When the next look is due; NEVER while nothing changed."""
        return min(self._all_at if self._everything else NEVER, self._at if self._paths else NEVER)

    def take(self, now: float) -> tuple[bool, frozenset[bytes]]:
        """Whether to look at everything, and else at which paths."""
        everything = self._everything and self._all_at <= now
        paths = frozenset(self._paths)
        self._paths.clear()
        if everything:
            self._everything = False
        return everything, paths

    def looked(self, began: float, ended: float, *, everything: bool) -> None:
        """A look is over."""
        self._at = ended + SHARE * (ended - began)
        if everything:
            self._all_at = ended + SHARE_OF_ALL * (ended - began)
