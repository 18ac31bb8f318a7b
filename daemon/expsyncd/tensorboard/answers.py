"""How long it takes from a write on a host until TensorBoard answers with the point: sampled now and then.

The write is the event file's own time, by the host's clock; the answer is a point of that step in what
`/data/plugin/scalars/scalars` says, asked for every few hundredths of a second.
"""

from __future__ import annotations

import asyncio
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

from expsyncd.mirror.layout import where
from expsyncd.owner import is_ours
from expsyncd.state.follow import Arrivals
from expsyncd.tensorboard.command import ADDRESS
from expsyncd.tensorboard.last_point import last_point

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from expsyncd.clock import Clock
    from expsyncd.paths import RootPaths
    from expsyncd.state.tracker import Tracker

EVERY_S = 20.0  # a sample costs a few requests
ASK_EVERY_S = 0.05
GIVE_UP_S = 10.0
TIMEOUT_S = 3.0
# What was written longer ago was not seen being written: it came with a first pull, or after a loss.
JUST_NOW_S = 2.0
LARGEST = 4 << 20  # every answer holds all points of a tag
ANSWER_LIMIT = 8 << 20
# Never through the person's proxy: it cannot reach our page, and must not learn the address of a private one.
_STRAIGHT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class _Sample:
    run: str
    tag: str
    step: int
    written_s: float


class Answers:
    """`changed` hears of what changed in the mirror; `run` samples for ever."""

    def __init__(
        self, root: RootPaths, tracker: Tracker, clock: Clock, name_of: Callable[[bytes], str | None]
    ) -> None:
        """`name_of`: what TensorBoard calls the run of an event file, if it shows it."""
        self._root = root
        self._tracker = tracker
        self._clock = clock
        self._name_of = name_of
        self._arrivals = Arrivals()
        self._wanted: asyncio.Queue[bytes] = asyncio.Queue(maxsize=1)

    def changed(self, paths: Iterable[bytes]) -> None:
        """Files that changed; one of them at a time is enough."""
        for path in paths:
            if b"tfevents" in path.rpartition(b"/")[2] and self._wanted.empty():
                self._wanted.put_nowait(path)

    async def run(self) -> None:
        """Sample until cancelled."""
        while True:
            path = await self._wanted.get()
            sample = await asyncio.to_thread(self._sample, path)
            if sample is None:
                continue
            shown_s = await self._shown_at(sample)
            if shown_s is not None:
                self._arrivals.add(shown_s - sample.written_s)
                if (measured := self._arrivals.measured()) is not None:
                    self._tracker.put_shown_after(measured)
            await asyncio.sleep(EVERY_S)

    def _sample(self, path: bytes) -> _Sample | None:
        place, run = where(self._root, path), self._name_of(path)
        if place is None or run is None:
            return None
        host = self._tracker.snapshot.hosts.get(place.host)
        file = Path(path.decode("utf-8", "surrogateescape"))
        try:
            status = file.stat()
            point = last_point(file) if status.st_size <= LARGEST else None
        except OSError:
            return None
        offset_s = (host.clock_offset_s or 0.0) if host else 0.0
        written_s = status.st_mtime_ns / 1e9 - offset_s
        if point is None or not -JUST_NOW_S < self._clock.now().timestamp() - written_s < JUST_NOW_S:
            return None
        return _Sample(run, *point, written_s)

    async def _shown_at(self, sample: _Sample) -> float | None:
        """When TensorBoard answered with the point, by our clock; None when it did not."""
        loop = asyncio.get_running_loop()
        until = loop.time() + GIVE_UP_S
        query = urlencode({"run": sample.run, "tag": sample.tag})
        while loop.time() < until and (url := self._tracker.snapshot.tensorboard.url):
            answer = f"{url.rstrip('/')}/data/plugin/scalars/scalars?{query}"
            if await asyncio.to_thread(_has_step, answer, sample.step):
                return self._clock.now().timestamp()
            await asyncio.sleep(ASK_EVERY_S)
        return None


def _has_step(url: str, step: int) -> bool:
    try:
        if not is_ours(ADDRESS, urlsplit(url).port or 0):  # the address may hold the secret of a private page
            return False
        with _STRAIGHT.open(url, timeout=TIMEOUT_S) as answer:
            points = json.loads(answer.read(ANSWER_LIMIT))
        return any(int(point[1]) == step for point in points[-3:])
    except (OSError, ValueError, TypeError, IndexError):
        return False
