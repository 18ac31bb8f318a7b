"""Runs: reads what the runs in the mirror wrote, a piece at a time, and judges how each is going."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from expsyncd.mirror.looks import Looks
from expsyncd.pace import next_due, wished
from expsyncd.runs import record
from expsyncd.runs.known import Known
from expsyncd.runs.turns import Turns
from expsyncd.runs.verdicts import Verdicts
from expsyncd.state import measured
from expsyncd.state.readings import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expsyncd.clock import Clock
    from expsyncd.mirror.batch import Batch
    from expsyncd.paths import RootPaths
    from expsyncd.runs.find import FileSeen, RunSeen
    from expsyncd.runs.gather import Gathered
    from expsyncd.runs.known import Change
    from expsyncd.runs.reader import Reader
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.facts import Facts
    from expsyncd.state.measured import MeasuredRow, RunKey
    from expsyncd.state.readings import Address
    from expsyncd.state.sqlite import Database
    from expsyncd.state.thread import DatabaseThread
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)

JUDGE_S = 5.0
FEW = 20  # runs; more are judged in a thread: 20,000 take a while, in which values are to arrive
SPARED = 20  # judging takes a twentieth of the time at most
FACTS_S = 30.0  # a host may have lost many files, and Slurm is asked less often still
REST_AFTER_S = 60.0
GROUND_AGAIN_S = 5.0


class Runs:
    """`batch` what changed in the mirror; `run` for ever."""

    def __init__(
        self,
        root: RootPaths,
        reader: Reader,
        tracker: Tracker,
        thread: DatabaseThread,
        catalogue: Callable[[], Catalogue],
        facts: Facts,
        clock: Clock,
        writable: Callable[[], bool],
        names: Callable[[Iterable[RunSeen]], Mapping[RunKey, str]],
        stalled_after: float,
    ) -> None:
        """`catalogue` is called in the database thread; `names`: what runs are called in TensorBoard."""
        self._reader = reader
        self._thread = thread
        self._catalogue = catalogue
        self._clock = clock
        self._tracker = tracker
        self._writable = writable
        self._known = Known(root.mirror)
        self._verdicts = Verdicts(facts, tracker, clock, names, stalled_after)
        self._wish = asyncio.Event()
        self._looks = Looks()
        self._judge_at = self._ask_at = 0.0
        self._read: dict[Address, FileSeen] = {}  # as each was when all of it was read
        self._asked: set[tuple[str, str]] = set()
        self._died: set[Address] = set()
        self._waiting: Turns[RunKey] = Turns()  # by when its newest file changed
        self._made: int | None = None
        self._remembered = self._recalled = False
        self._read_at = 0.0

    def batch(self, batch: Batch) -> None:
        """Something changed in the mirror."""
        self._looks.add(batch)
        self._wish.set()

    def apply(self, stalled_after: float) -> None:
        """Use another config."""
        self._verdicts.stalled_after = stalled_after
        self._judge_at = 0.0
        self._wish.set()

    async def run(self) -> None:
        """Read as files grow; leaves no child behind."""
        self._remembered = False  # after a failure it is not known how far anything came
        try:
            while True:
                self._wish.clear()
                await self._step()
        finally:
            await self._reader.rest()

    async def _step(self) -> None:
        now = self._clock.monotonic()
        if self._remembered and not self._waiting and now < min(self._judge_at, self._looks.due()):
            await self._idle(now)  # without a question to the disk and the database thread
        elif not self._writable():  # a disk that is away is no empty mirror
            await self._pause(GROUND_AGAIN_S)
        elif await self._thread.run(self._was_made_anew):
            await self._remember()
        elif self._looks.due() <= now:
            await self._look()
        elif now >= self._judge_at:
            await self._judge()
        elif self._waiting:
            await self._take_turn(*self._waiting.take())
        else:
            await self._idle(now)

    async def _idle(self, now: float) -> None:
        until = min(self._judge_at, self._looks.due())
        if now - self._read_at > REST_AFTER_S:
            await self._reader.rest()
        await self._pause(max(0.0, until - now))

    async def _pause(self, pause_s: float) -> None:
        await wished(self._wish, asyncio.get_running_loop().time() + pause_s)

    def _was_made_anew(self) -> bool:
        """In the database thread; whether the catalogue is another than the one that was remembered."""
        return not self._remembered or self._catalogue().made != self._made

    async def _remember(self) -> None:
        """What is known from before; after damage that is nothing, and all is read again."""

        def made() -> int:
            catalogue = self._catalogue()
            if self._made is not None and catalogue.made != self._made:
                # Damage was met while something was written: that would be a part without its beginning.
                catalogue.write(record.wipe)
            return catalogue.made

        self._made = await self._thread.run(made)
        self._remembered, self._recalled = True, False
        self._read.clear()
        self._known.forget()
        self._waiting.clear()
        self._looks.add_everything()

    async def _look(self) -> None:
        everything, paths = self._looks.take(self._clock.monotonic())
        started = self._clock.monotonic()
        change = await asyncio.to_thread(
            self._known.look_at_all if everything else lambda: self._known.look(paths)
        )
        self._looks.looked(started, self._clock.monotonic(), everything=everything)
        went = change.went
        unused: list[Address] = []
        if everything and not self._recalled:
            strangers, unused = await self._recall()
            went = [*went, *strangers]
        elif went or everything:
            unused = [address for address in self._read if not self._known.is_used(address)]
        if went or unused or change.anew:
            await self._forget(change, went, unused)
        for seen in change.seen:
            self._waiting.put(seen.key, max(file.mtime_ns for file in seen.files))

    async def _recall(self) -> tuple[list[RunKey], list[Address]]:
        """What the catalogue knows of the runs that were found; those and the files that went since."""
        found = await self._thread.run(
            lambda: self._catalogue().read(
                lambda db: record.remembered(db, self._known.runs), record.Remembered()
            )
        )
        self._recalled = True
        self._read = found.read
        self._verdicts.remember(found.rows)
        return found.strangers, found.unused

    def _is_read(self, file: FileSeen) -> bool:
        before = self._read.get(file.address)
        return before is not None and (before.size, before.mtime_ns) == (file.size, file.mtime_ns)

    async def _forget(self, change: Change, went: list[RunKey], unused: list[Address]) -> None:
        def forget() -> list[Address]:
            again: list[Address] = []

            def write(db: Database) -> None:
                record.forget(db, went, unused)
                again[:] = [
                    one for seen in change.anew for one in record.begin_again(db, seen.key, seen, None)
                ]

            self._catalogue().write(write)
            return again

        for address in [*unused, *await self._thread.run(forget)]:
            self._read.pop(address, None)
        for key in went:
            self._waiting.drop(key)
            self._verdicts.drop(key)

    async def _take_turn(self, key: RunKey, changed: int) -> None:
        """One piece of one file of a run; when nothing is left, what follows from all of it."""
        seen = self._known.runs.get(key)
        if seen is None:
            return
        for file in seen.files:
            if file.is_read and not self._is_read(file):
                await self._read_piece(seen, file)
                self._waiting.put(key, changed)  # now the one that waits shortest
                return
        await self._settle(seen)

    async def _read_piece(self, seen: RunSeen, file: FileSeen) -> None:
        nothing = Reading(*file.address), dict[str, int]()
        reading, tags = await self._thread.run(
            lambda: self._catalogue().read(lambda db: record.before_reading(db, seen.key, file), nothing)
        )
        answer = await self._reader.read(file, reading, tags)
        self._read_at = self._clock.monotonic()

        def write(db: Database) -> None:
            if answer.again:
                again[:] = record.begin_again(db, seen.key, seen, file)
            else:
                record.take(db, seen.key, answer)

        again: list[Address] = []
        await self._thread.run(lambda: self._catalogue().write(write))
        for address in again:
            self._read.pop(address, None)
        if answer.died and file.address not in self._died:
            # It may have been this computer: once more. A second death is the file's, until it changes.
            self._died.add(file.address)
        elif not answer.again:
            self._died.discard(file.address)
            self._read.pop(file.address, None)  # or the key would be the one of before
            self._read[file.address] = file if answer.reading.is_of(file) else record.unread(file)

    async def _settle(self, seen: RunSeen) -> None:
        """All of a run is read: its settings, and how it is going."""
        gathered, step = await self._thread.run(lambda: self._settled(seen))
        for key in self._known.borrowers(seen):
            if key not in self._waiting:
                self._waiting.put(key, 0)
        rows = self._verdicts.settle(seen, gathered, step, self._known.runs)
        await self._put(rows, [] if gathered.measures else [seen.key])

    def _settled(self, seen: RunSeen) -> tuple[Gathered, int | None]:
        found: list[tuple[Gathered, int | None]] = []
        self._catalogue().write(lambda db: found.append(record.settle(db, seen)))
        return found[-1]

    async def _judge(self) -> None:
        now = self._clock.monotonic()
        sources = {key[:2] for key in self._known.runs}
        if now >= self._ask_at or sources != self._asked:
            self._ask_at, self._asked = now + FACTS_S, sources
            await self._thread.run(self._verdicts.ask_facts, sources)
        began = self._clock.monotonic()
        if len(self._known.runs) > FEW:
            rows, state = await asyncio.to_thread(self._verdicts.judge, self._known.runs)
        else:
            rows, state = self._verdicts.judge(self._known.runs)
        ended = self._clock.monotonic()
        self._judge_at = next_due(now - 1.0 + max(JUDGE_S, SPARED * (ended - began)), 1.0)
        self._tracker.put_runs(state)
        await self._put(rows, [])

    async def _put(self, rows: list[MeasuredRow], dropped: list[RunKey]) -> None:
        def write(db: Database) -> None:
            measured.put_measured(db, rows)
            for key in dropped:
                measured.drop_run(db, key)

        if rows or dropped:
            await self._thread.run(lambda: self._catalogue().write(write))
