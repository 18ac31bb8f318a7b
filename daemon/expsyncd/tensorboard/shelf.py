"""Keeps TensorBoard's view in step with the mirror, and takes files out while they are being replaced."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from expsyncd.mirror.scan import RunFolder, find_runs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.paths import RootPaths
    from expsyncd.tensorboard.view import View

logger = logging.getLogger(__name__)

# TensorBoard reloads each second; a file that left has to be away for more than two reloads to be
# forgotten (measured), with room for a slow reload.
REST_S = 2.8


class Shelf:
    """`request` a look after anything changed; `hold` and `release` files around a replacement."""

    def __init__(
        self,
        root: RootPaths,
        view: View,
        clock: Clock,
        on_runs: Callable[[Sequence[RunFolder]], Awaitable[None]],
        writable: Callable[[], bool],
    ) -> None:
        self._root = root
        self._view = view
        self._clock = clock
        self._on_runs = on_runs
        self._writable = writable
        self._wish = asyncio.Event()
        self._held: set[Path] = set()
        self._resting: dict[Path, float] = {}
        self._laid = asyncio.Condition()
        self._round = 0

    def request(self) -> None:
        """Look at the mirror again soon."""
        self._wish.set()

    async def hold(self, files: Sequence[Path]) -> None:
        """Take event files out of the view; returns when they have left."""
        self._held.update(files)
        target = self._round + 1
        self._wish.set()
        async with self._laid:
            await self._laid.wait_for(lambda: self._round >= target)

    def release(self, files: Sequence[Path]) -> None:
        """Let held files come back after TensorBoard had time to forget them."""
        until = self._clock.monotonic() + REST_S
        for file in files:
            self._held.discard(file)
            self._resting[file] = until
        self._wish.set()

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
        now = self._clock.monotonic()
        self._resting = {file: until for file, until in self._resting.items() if until > now}
        away = self._held | set(self._resting)
        runs = await asyncio.to_thread(find_runs, self._root.mirror)
        change = await asyncio.to_thread(self._view.lay, runs, held=away, now=now)
        for file, until in change.resting.items():
            self._resting[file] = max(until, self._resting.get(file, 0.0))
        if change.added or change.removed:
            logger.info(
                "TensorBoard's view: %d links added, %d removed", len(change.added), len(change.removed)
            )
        await self._on_runs(runs)

    async def _wait(self) -> None:
        if not self._resting:
            await self._wish.wait()
            return
        pause_s = max(0.0, min(self._resting.values()) - self._clock.monotonic())
        try:
            async with asyncio.timeout(pause_s):
                await self._wish.wait()
        except TimeoutError:
            return
