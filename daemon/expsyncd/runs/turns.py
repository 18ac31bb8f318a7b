"""Whose turn it is among many that wait: the newest change, now and then what has waited longest. Pure."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

OLDEST_EVERY = 4  # the one that waits longest has its turn among the newest
K = TypeVar("K")


class Turns(Generic[K]):
    """`put` with when it changed (any number), `take` one. Each costs the logarithm of how many wait."""

    def __init__(self) -> None:
        self._changed: dict[K, int] = {}  # in the order in which they came
        self._newest: list[
            tuple[int, int, K]
        ] = []  # a heap; what does not agree with the above is passed over
        self._count = 0
        self._turns = 0

    def __bool__(self) -> bool:
        return bool(self._changed)

    def __contains__(self, key: K) -> bool:
        return key in self._changed

    def put(self, key: K, changed: int) -> None:
        """One that waits already keeps its place among those that wait longest."""
        if self._changed.get(key) == changed:
            return
        self._changed[key] = changed
        self._count += 1  # so that keys are never compared
        heapq.heappush(self._newest, (-changed, self._count, key))
        if len(self._newest) > 2 * len(self._changed) + 100:
            self._newest = [(-at, number, one) for number, (one, at) in enumerate(self._changed.items())]
            heapq.heapify(self._newest)

    def take(self) -> tuple[K, int]:
        """Who is next and when it changed; it waits no longer. Raises KeyError when nobody waits."""
        self._turns += 1
        if self._turns % OLDEST_EVERY == 0:
            oldest = next(iter(self._changed), None)
            if oldest is not None:
                return oldest, self._taken(oldest)
        while self._newest:
            changed, _, key = heapq.heappop(self._newest)
            if self._changed.get(key) == -changed:
                return key, self._taken(key)
        raise KeyError

    def _taken(self, key: K) -> int:
        changed = self._changed.pop(key)
        if not self._changed:
            self.clear()
        return changed

    def drop(self, key: K) -> None:
        """It waits no longer, if it did."""
        self._changed.pop(key, None)

    def clear(self) -> None:
        """Nobody waits."""
        # An emptied table keeps its room, and the heap those that had their turn as the oldest.
        self._changed, self._newest = {}, []
