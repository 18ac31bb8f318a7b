"""How many files the next round plans, and from where: a listing, or what the last one found beyond."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.pull.rest import Rest

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.pull.puller import Pull

# A listing is old when so many times what it took have passed: then metrics may have grown meanwhile, and
# looking costs a tenth of the time at most.
OLD_AFTER = 10


class Rounds:
    """Of one source. A round that brought nothing of what it listed stands before others no longer."""

    def __init__(self, folder: Path, at_a_time: int) -> None:
        self.most: int | None = at_a_time
        self.rest = Rest(folder)
        self._at_a_time = at_a_time
        self._brought = 0

    @property
    def waiting(self) -> bool:
        """Whether the next round takes what waits, since all was listed not long ago."""
        return self.rest.count > 0 and not self._old()

    def begin_again(self, left: int = 0) -> None:
        """What waits may be long gone: list all next time. `left` files are known to be left out for good."""
        self.rest.clear()
        self.most = self._at_a_time + left
        self._brought = 0

    def ended(self, pull: Pull, files: int) -> bool:
        """A full round has ended that brought so many files; whether another is to come at once."""
        if not pull.unfinished:
            self.begin_again(len(pull.plan.left))
            return False
        self._brought += files
        if not self.waiting:
            # All that was listed had its turn. Where nothing of it came, it is left out, and what may stand
            # behind that has to be listed as well.
            self.most = self._at_a_time if self._brought else None
            self._brought = 0
            self.rest.clear()
        return True

    def _old(self) -> bool:
        if not self._brought:
            return False
        listed_s = self.rest.listed_s - self.rest.began_s
        return asyncio.get_running_loop().time() > self.rest.listed_s + OLD_AFTER * listed_s
