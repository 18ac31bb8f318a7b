"""Keeps TensorBoard's view in step with the mirror, and takes files out while they are being replaced."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.mirror.scan import RunFolder, find_runs
from expsyncd.tensorboard.names import RunKey, view_names
from expsyncd.tensorboard.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.paths import RootPaths
    from expsyncd.tensorboard.view import View, ViewChange

logger = logging.getLogger(__name__)

AGE_LOOK_S = 600.0
Select = Callable[["Sequence[RunFolder]", "Mapping[RunKey, str]", "AbstractSet[RunKey]"], Selection]


class Shelf:
    """`request` a look after anything changed; `hold` and `release` files around a replacement."""

    def __init__(
        self,
        root: RootPaths,
        view: View,
        clock: Clock,
        on_runs: Callable[[Sequence[RunFolder], ViewChange, Selection], Awaitable[None]],
        writable: Callable[[], bool],
        select: Select,
    ) -> None:
        self._root = root
        self._view = view
        self._clock = clock
        self._on_runs = on_runs
        self._writable = writable
        self._select = select
        self._shown: AbstractSet[RunKey] = frozenset()
        self._wish = asyncio.Event()
        self._held: Counter[Path] = Counter()  # a pull and the mender may hold the same one
        self._again_at: float | None = None
        self._laid = asyncio.Condition()
        self._round = 0

    def request(self) -> None:
        """Look at the mirror again soon."""
        self._wish.set()

    async def hold(self, files: Sequence[Path]) -> None:
        """Take event files out of the view; returns when they have left."""
        self._held.update(set(files))
        target = self._round + 1
        self._wish.set()
        async with self._laid:
            await self._laid.wait_for(lambda: self._round >= target)

    def release(self, files: Sequence[Path]) -> None:
        """Let held files come back, after the view gave TensorBoard time to forget them."""
        self._held.subtract(set(files))
        self._held = +self._held
        self._wish.set()

    async def laid(self) -> None:
        """Return when the view has been laid once: TensorBoard starts after that."""
        async with self._laid:
            await self._laid.wait_for(lambda: self._round > 0)

    async def run(self) -> None:
        """Lay the view whenever it is wished or a rest is over; until cancelled."""
        while True:
            await self._wait()
            self._wish.clear()
            if self._writable():
                await self._lay()
            async with self._laid:
                self._round += 1
                self._laid.notify_all()

    async def _lay(self) -> None:
        runs = await asyncio.to_thread(find_runs, self._root.mirror)
        now = self._clock.monotonic()
        selection = self._select(runs, view_names(runs), self._shown)
        self._shown = {run.key for run in runs} - selection.away
        change = await asyncio.to_thread(
            self._view.lay, runs, now=now, hidden=selection.away, held=frozenset(self._held)
        )
        self._again_at = min([*change.resting.values(), *self._aged(selection, now)], default=None)
        if change.added or change.removed:
            added, removed = len(change.added), len(change.removed)
            logger.info("TensorBoard's view: %d links added, %d removed", added, removed)
        await self._on_runs(runs, change, selection)

    def _aged(self, selection: Selection, now: float) -> list[float]:
        if selection.until is None:
            return []
        # In small steps: the wall clock may be set, and stands for nothing while the laptop sleeps.
        return [now + min(max(1.0, selection.until - self._clock.now().timestamp()), AGE_LOOK_S)]

    async def _wait(self) -> None:
        if self._again_at is None:
            await self._wish.wait()
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(max(0.0, self._again_at - self._clock.monotonic())):
                await self._wish.wait()
        if not self._wish.is_set():
            self._again_at = None
