"""Rounds of just the files that the follower named: gathered for a moment, planned and brought as all are."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.pull.carrier import Stopped, why
from expsyncd.pull.listing import Item

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.puller import Pull
    from expsyncd.pull.rhythm import Rhythm
    from expsyncd.pull.source import Lanes
    from expsyncd.pull.telling import Telling

NAMES_S = 0.2  # a burst of names, say the images of one step, is one round
MOST_NAMES = 5000  # more are a pull of all
# Where files cannot be pulled by name, or nobody knows which, a whole pull comes at most so often.
WHOLE_EVERY_S = 10.0


class Named:
    """`add` names as they come; `run` beside the full rounds."""

    def __init__(
        self,
        lanes: Lanes,
        telling: Telling,
        rhythm: Rhythm,
        wish_all: Callable[[], None],
        left_out: Callable[[list[tuple[str, int, str]]], None],
        under_way: Callable[[], None],
    ) -> None:
        """`left_out` is told what a round left out: path, bytes, reason.

        `under_way` hears that a named file is another pass's, which may have read it before it changed.
        """
        self._under_way = under_way
        self._left_out = left_out
        self._lanes = lanes
        self._telling = telling
        self._rhythm = rhythm
        self._wish_all = wish_all
        self._sizes: dict[bytes, int] | None = {}
        self._wish = asyncio.Event()
        self._busy = False
        self._left: set[bytes] = set()  # during a round
        self._whole_s = float("-inf")

    @property
    def waiting(self) -> bool:
        """Whether named files are not here yet."""
        return self._busy or self._wish.is_set()

    def add(self, sizes: Mapping[bytes, int] | None) -> None:
        """Files by their sizes in bytes on the host, as far as it said; None: nobody knows which."""
        if sizes is None:
            self._sizes = None
        elif self._sizes is not None:
            self._sizes.update(sizes)
            if len(self._sizes) > MOST_NAMES:
                self._sizes = None
        self._wish.set()

    def left(self, path: bytes) -> None:
        """A file is no longer there: a temporary name most often, no failure of a round that asks for it."""
        if self._sizes:
            self._sizes.pop(path, None)
        if self._busy and len(self._left) < MOST_NAMES:
            self._left.add(path)

    async def run(self, reach: Reach, new_pull: Callable[[Reach, Sequence[Item]], Pull]) -> None:
        """Serve until cancelled."""
        while True:
            await self._wish.wait()
            self._busy = True
            self._left.clear()
            try:
                await asyncio.sleep(NAMES_S)
                items = self._take()
                if items is None or not reach.by_names:
                    await self._all_of_it()
                else:
                    await self._round(new_pull(reach, items), {item.path: item.size for item in items})
            finally:
                self._busy = False

    def _take(self) -> list[Item] | None:
        """Those named since; None when they were too many."""
        sizes, self._sizes = self._sizes, {}
        self._wish.clear()
        if sizes is None:
            return None
        return [Item(path, size, new=False, same_size=False) for path, size in sizes.items()]

    async def _all_of_it(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._whole_s + WHOLE_EVERY_S - loop.time()))
        self._whole_s = loop.time()
        self._wish_all()

    async def _round(self, pull: Pull, named: Mapping[bytes, int]) -> None:
        """What goes wrong with it is the next full round's to find and to tell."""
        try:
            async with self._lanes.metrics, pull.leased():
                await pull.look()
                await pull.metrics()
                await pull.small()
        except (Stopped, Error) as ended:
            pull.stop(why(ended))
        if pull.tally.files:
            self._rhythm.stirred()
            await self._telling.came(pull)
        if pull.outcome.kind == "complete" and pull.left:
            self._left_out(pull.left)
        vanished = pull.outcome.kind == "partial" and not self._left.isdisjoint(named)
        if pull.outcome.kind != "complete" and not vanished:
            self._rhythm.owe()
        others = named.keys() - self._left - (self._sizes or {}).keys()
        if vanished and others:  # one of them may have failed for a reason of its own
            self.add({path: named[path] for path in others})
        if pull.under_way:
            self._under_way()
        if pull.passes.large or pull.again or pull.outcome.kind == "retry":
            self._wish_all()
