"""Which growing files a pass has, so that never two write one; the follower leaves them alone meanwhile.

A lease covers the look at the mirror, the plan and the pass. What the follower wrote since the listing began
is not leased: the listing does not know of it, and the pull leaves it out.
"""

from __future__ import annotations

import asyncio
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Key = tuple[str, bytes]  # a source's name and a path in it
MOST_REMEMBERED = 100_000


class Leases:
    """Of one host; lives in the event loop. `on_release` hears of paths that are free again."""

    def __init__(self) -> None:
        self.on_release: Callable[[str, frozenset[bytes]], None] = lambda _source, _paths: None
        self._held: Counter[Key] = Counter()
        self._writing: frozenset[Key] = frozenset()
        self._written: OrderedDict[Key, float] = OrderedDict()
        self._free = asyncio.Event()

    async def take(self, source: str, paths: Iterable[bytes], since_s: float) -> frozenset[bytes]:
        """Hold `paths` of a source once nothing writes them; those written since `since_s` are left out.

        Gives what is held now; `release` the same. `since_s` by the loop's clock.
        """
        wanted = {(source, path) for path in paths}
        self._held.update(wanted)
        try:
            while wanted & self._writing:
                self._free.clear()
                await self._free.wait()
        except BaseException:
            self.release(source, frozenset(path for _, path in wanted))
            raise
        written = {key for key in wanted if self._written.get(key, -1.0) >= since_s}
        if written:  # chunks that came while they were held were dropped
            self.release(source, frozenset(path for _, path in written))
        return frozenset(path for _, path in wanted - written)

    def release(self, source: str, paths: frozenset[bytes]) -> None:
        """Let go of what `take` gave."""
        self._drop({(source, path) for path in paths})
        self.on_release(source, paths)

    def held(self, key: Key) -> bool:
        """Whether a pass has a path."""
        return key in self._held

    def begin(self, keys: frozenset[Key]) -> None:
        """The follower writes these, none of them held, until `end`."""
        self._writing = keys

    def end(self, written: Iterable[Key]) -> None:
        """The follower is done; `written`: where it took bytes."""
        self._writing = frozenset()
        now = asyncio.get_running_loop().time()
        for key in written:
            self._written[key] = now
            self._written.move_to_end(key)
        while len(self._written) > MOST_REMEMBERED:
            self._written.popitem(last=False)
        self._free.set()

    def _drop(self, keys: set[Key]) -> None:
        self._held.subtract(keys)
        for key in keys:
            if self._held[key] <= 0:
                del self._held[key]
