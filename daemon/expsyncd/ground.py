"""The ground everything stands on: is the root's disk there, has it room, when were we last seen well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.mirror.root import FreeSpace
from expsyncd.pace import rest
from expsyncd.state.status import RootState

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.clock import Clock
    from expsyncd.mirror.root import Root
    from expsyncd.state.facts import Facts
    from expsyncd.state.thread import DatabaseThread
    from expsyncd.state.tracker import Tracker

LOOK_S = 2.0
CHECKPOINT_S = 60.0  # after an unclean stop, what was written since the last one is audited


class GroundWatch:
    """Looks at the root regularly; `on_back` is called when it can be written again."""

    def __init__(
        self,
        root: Root,
        floor: int,
        tracker: Tracker,
        facts: Facts,
        thread: DatabaseThread,
        clock: Clock,
        on_back: Callable[[], None],
    ) -> None:
        self._root = root
        self._space = FreeSpace(floor)
        self._tracker = tracker
        self._facts = facts
        self._thread = thread
        self._clock = clock
        self._on_back = on_back
        self._well = root.check() is None

    def apply(self, floor: int) -> None:
        """Keep another floor of free bytes from now on."""
        self._space = FreeSpace(floor)

    def room(self) -> int | None:
        """Bytes that may still be pulled; 0 while below the floor; None when it cannot be known."""
        free = self._root.free_bytes()
        return None if free is None else self._space.room(free)

    async def run(self) -> None:
        """Look until cancelled."""
        checkpoint_at = self._clock.monotonic()
        while True:
            self.look()
            if self._clock.monotonic() >= checkpoint_at:
                checkpoint_at = self._clock.monotonic() + CHECKPOINT_S
                await self._thread.run(self._facts.checkpoint, self._clock.now())
            await rest(LOOK_S)

    def look(self) -> None:
        """One look; puts what it saw into the tracker."""
        trouble = self._root.check()
        free = self._root.free_bytes() if trouble is None else None
        # Free space moves all the time; whole tens of megabytes keep the snapshot from changing each look.
        shown = None if free is None else free - free % 10_000_000
        self._tracker.put_root(RootState(str(self._root.paths.path), shown, trouble))
        if trouble is None and not self._well:
            self._on_back()
        self._well = trouble is None
