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
# A look goes through the whole mirror. Those that nobody waits for take a tenth of the time at most.
SPARED = 10
SOON_MOST_S = 20.0
# That files grow changes which runs are the newest, and nothing else.
SELDOM_S = 10.0
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
        self._stir = asyncio.Event()
        self._wish_at: float | None = None
        self._again_at: float | None = None
        self._looked_at = 0.0
        self._cost_s = 0.0
        self._held: Counter[Path] = Counter()  # a pull and the mender may hold the same one
        self._shown: AbstractSet[RunKey] = frozenset()
        self._known: dict[RunKey, RunFolder] = {}
        self._laid = asyncio.Condition()
        self._begun = self._done = 0

    def request(self) -> None:
        """Look at the mirror again now."""
        self._wish_for(self._clock.monotonic())

    def request_soon(self) -> None:
        """Look again when looks have not cost much lately: something may have come or changed."""
        self._wish_for(self._looked_at + min(SPARED * self._cost_s, SOON_MOST_S))

    def request_seldom(self) -> None:
        """Look again some time: what is shown grew."""
        self._wish_for(self._looked_at + max(2 * SPARED * self._cost_s, SELDOM_S))

    def grew(self, file: bytes) -> bool:
        """Whether an event file (absolute) is shown and merely grew."""
        return self._view.grew(file)

    async def hold(self, files: Sequence[Path]) -> None:
        """Take event files out of the view; returns when they have left."""
        self._held.update(set(files))
        # One that has begun already may not know of these.
        target = self._begun + 1
        self.request()
        async with self._laid:
            await self._laid.wait_for(lambda: self._done >= target)

    def release(self, files: Sequence[Path]) -> None:
        """Let held files come back, after the view gave TensorBoard time to forget them."""
        self._held.subtract(set(files))
        self._held = +self._held
        self.request()

    async def laid(self) -> None:
        """Return when the view has been laid once: TensorBoard starts after that."""
        async with self._laid:
            await self._laid.wait_for(lambda: self._done > 0)

    async def run(self) -> None:
        """Lay the view whenever it is wished or a rest is over; until cancelled."""
        while True:
            await self._wait()
            self._begun += 1
            if self._writable():
                await self._lay()
            else:
                await self._tell_waiting()

    async def _tell_waiting(self) -> None:
        async with self._laid:
            self._done = self._begun
            self._laid.notify_all()

    async def _lay(self) -> None:
        began = self._clock.monotonic()
        held = frozenset(self._held)
        runs, selection, change = await asyncio.to_thread(self._look, held)
        away = selection.away
        self._shown = {run.key for run in runs if run.key not in away}
        self._looked_at = self._clock.monotonic()
        self._cost_s = self._looked_at - began
        self._again_at = min([*change.resting.values(), *self._aged(selection)], default=None)
        if change.added or change.removed:
            added, removed = len(change.added), len(change.removed)
            logger.info("TensorBoard's view: %d links added, %d removed", added, removed)
        try:
            await self._on_runs(runs, change, selection)
        finally:
            # Also where that fails, as without room for the catalogue: pulls wait for the view alone.
            await self._tell_waiting()

    def _look(self, held: frozenset[Path]) -> tuple[list[RunFolder], Selection, ViewChange]:
        runs = find_runs(self._root.mirror, known=self._known)
        self._known = {run.key: run for run in runs}
        names = view_names(runs)
        selection = self._select(runs, names, self._shown)
        now = self._clock.monotonic()
        change = self._view.lay(runs, now=now, hidden=selection.away, held=held, names=names)
        return runs, selection, change

    def _aged(self, selection: Selection) -> list[float]:
        if selection.until is None:
            return []
        # In small steps: the wall clock may be set, and stands for nothing while the laptop sleeps.
        wait_s = min(max(1.0, selection.until - self._clock.now().timestamp()), AGE_LOOK_S)
        return [self._clock.monotonic() + wait_s]

    def _wish_for(self, at: float) -> None:
        if self._wish_at is None or at < self._wish_at:
            self._wish_at = at
            self._stir.set()

    async def _wait(self) -> None:
        """Until it is time for a look."""
        while True:
            self._stir.clear()
            moments = [moment for moment in (self._wish_at, self._again_at) if moment is not None]
            wait_s = min(moments) - self._clock.monotonic() if moments else None
            if wait_s is not None and wait_s <= 0:
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stir.wait()
        self._wish_at = self._again_at = None
