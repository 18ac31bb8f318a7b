"""Renderer: keeps the animation of every series up to date, newest change first, one at a time."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.mirror.looks import NEVER, Looks
from expsyncd.samples import records
from expsyncd.samples.inventory import Change, Inventory
from expsyncd.samples.tags import Tags
from expsyncd.samples.wanted import TAG, regrouped
from expsyncd.state.samples import SamplesState
from expsyncd.state.series import RefusedRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from expsyncd.clock import Clock
    from expsyncd.mirror.batch import Batch
    from expsyncd.paths import RootPaths
    from expsyncd.samples.darkroom import Darkroom, Rendered
    from expsyncd.samples.frame import SeriesKey
    from expsyncd.samples.rules import Rules
    from expsyncd.samples.wanted import Regrouped, Wanted
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.frames import FrameRow
    from expsyncd.state.series import SeriesRow
    from expsyncd.state.thread import DatabaseThread
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)

OLDEST_EVERY = 4  # the series that waits longest has its turn among the newest
SHEETS_AFTER_S = 3.0  # of rest: contact sheets are for looking back
REST_AFTER_S = 60.0
GROUND_AGAIN_S = 5.0


class Renderer:
    """`batch` what changed in the mirror; `run` for ever."""

    def __init__(
        self,
        root: RootPaths,
        rules: Rules,
        darkroom: Darkroom,
        tracker: Tracker,
        thread: DatabaseThread,
        catalogue: Callable[[], Catalogue],
        clock: Clock,
        writable: Callable[[], bool],
    ) -> None:
        """`catalogue` is called in the database thread; `writable`: whether the root's disk is there."""
        self._root = root
        self._rules = rules
        self._darkroom = darkroom
        self._tracker = tracker
        self._thread = thread
        self._catalogue = catalogue
        self._clock = clock
        self._writable = writable
        self._inventory = Inventory(root.mirror, self._takes)
        self._tags = Tags(root.mirror, darkroom, self._takes)
        self._wish = asyncio.Event()
        self._looks = Looks()
        self._whole = True
        self._waiting: dict[SeriesKey, Wanted] = {}
        self._sheets: dict[SeriesKey, Wanted] = {}
        self._rows: dict[SeriesKey, SeriesRow] = {}
        self._refused: dict[tuple[str, str, bytes], RefusedRow] = {}
        self._failed: dict[SeriesKey, Wanted] = {}
        self._unnoted: list[tuple[str, str, bytes, int, int]] = []  # overwritten contents
        self._turns = self._made = 0

    def batch(self, batch: Batch) -> None:
        """Something changed in the mirror."""
        self._looks.add(batch)
        self._wish.set()

    def apply(self, rules: Rules) -> None:
        """Use another config: everything is looked at anew."""
        self._rules = rules
        self._looks.add_everything()
        self._whole = True
        self._wish.set()

    async def run(self) -> None:
        """Render as images come; leaves no child behind."""
        await self._remember()
        try:
            while True:
                self._wish.clear()
                if self._made != await self._thread.run(self._made_now):
                    await self._remember()
                elif self._looks.due() <= self._clock.monotonic():
                    await self._look()
                elif self._waiting:
                    await self._render(self._next())
                elif self._tags.waiting:
                    await self._look_for_tags()
                else:
                    await self._idle()
        finally:
            await self._darkroom.rest()

    async def _remember(self) -> None:
        """What is known from before; after a failure it is not known how far anything came."""
        known = await self._thread.run(lambda: records.remembered(self._catalogue()))
        self._made = await self._thread.run(self._made_now)
        # Those that are not in it, since it was made anew or could not be written, keep their canvas.
        lost = {key: replace(row, rendered_at=None) for key, row in self._rows.items()}
        self._rows, self._refused = {**lost, **known.rows}, known.refused
        self._unnoted = self._inventory.remember(known.overwritten)
        for address, bad in known.refused.items():
            self._inventory.refuse(address[:2], bad.path, (bad.size, bad.mtime_ns))
        await self._tags.remember(self._thread, self._catalogue)
        self._waiting.clear()
        self._looks.add_everything()
        self._whole = True

    def _made_now(self) -> int:
        """In the database thread; another number after the catalogue was made anew, for damage."""
        return self._catalogue().made

    async def _idle(self) -> None:
        """Wait for a wish; after a while draw contact sheets, then let the child go."""
        due = self._looks.due()
        pause_s = max(0.0, due - self._clock.monotonic())
        if due == NEVER:
            pause_s = SHEETS_AFTER_S if self._sheets else REST_AFTER_S
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._wish.wait()
            return
        if due != NEVER:
            return
        if self._sheets:
            _, wanted = self._sheets.popitem()
            await self._render(wanted, sheet=True)
        else:
            await self._darkroom.rest()

    async def _look_for_tags(self) -> None:
        run = await self._tags.look(self._thread, self._catalogue)
        if run is not None:
            self._want(self._tags.series(run, self._root.animations))

    async def _look(self) -> None:
        if not self._writable():  # a disk that is away is no empty mirror
            await self._wait_for_ground()
            return
        everything, paths = self._looks.take(self._clock.monotonic())
        whole = everything and self._whole
        self._whole = self._whole and not everything
        if everything and not whole:
            lost = await asyncio.to_thread(records.lost, self._root.path, list(self._rows.values()))
            whole = bool(lost)
        started = self._clock.monotonic()
        change, found = await asyncio.to_thread(self._looked, paths, everything=everything, whole=whole)
        self._looks.looked(started, self._clock.monotonic(), everything=everything)
        healed = self._healed(change)
        tagged = self._tagged() if whole else []
        gone = records.gone(self._rows, found)
        if whole:
            there = {wanted.key for wanted in tagged}
            gone += [key for key in self._rows if key.name.startswith(TAG) and key not in there]
        for key in gone:
            self._waiting.pop(key, None)
            self._failed.pop(key, None)
            records.remove_animation(self._root.path, self._rows.pop(key))
        self._unnoted += change.overwritten
        if self._unnoted or healed or gone:
            await self._thread.run(records.note, self._catalogue, self._unnoted, healed, gone)
            self._unnoted = []
        again = list(self._failed.values()) if everything else []
        self._want([*again, *found.series, *tagged])

    def _healed(self, change: Change) -> list[tuple[str, str, bytes]]:
        """Images that could not be shown and that changed since, or went."""
        healed = []
        for host, source, inside, now in change.looked_anew:
            bad = self._refused.get((host, source, inside))
            if bad is not None and now != (bad.size, bad.mtime_ns):
                healed.append((host, source, inside))
        healed += [file for file in self._tags.noticed(change.events) if file in self._refused]
        if change.everything:
            healed += [
                (host, source, inside)
                for host, source, inside in self._refused
                if not self._inventory.holds((host, source), inside)
            ]
        for address in healed:
            self._refused.pop(address, None)
        return healed

    def _tagged(self) -> list[Wanted]:
        return [one for run in self._tags.runs for one in self._tags.series(run, self._root.animations)]

    def _want(self, series: Iterable[Wanted]) -> None:
        for wanted in records.apart(self._rows, series, self._root.path):
            how = self._rules.how(wanted.key.host, wanted.source)
            if not records.is_done(self._rows.get(wanted.key), wanted, how):
                self._waiting[wanted.key] = wanted
        self._show()

    def _looked(self, paths: frozenset[bytes], *, everything: bool, whole: bool) -> tuple[Change, Regrouped]:
        change = self._inventory.rescan(whole=whole) if everything else self._inventory.look(paths)
        return change, regrouped(self._inventory, change, self._root.animations, self._rules.pattern_of)

    def _next(self) -> Wanted:
        """The newest change; every fourth time what has waited longest."""
        self._turns += 1
        if self._turns % OLDEST_EVERY == 0:
            return next(iter(self._waiting.values()))
        return max(self._waiting.values(), key=lambda wanted: wanted.newest_ns)

    async def _render(self, wanted: Wanted, *, sheet: bool = False) -> None:
        if not self._writable():
            await self._wait_for_ground()
            return
        self._waiting.pop(wanted.key, None)
        row = self._rows.get(wanted.key)
        look = self._rules.look_of(wanted.key.host, wanted.source)
        # Its first frame decides for good; unless people want other pixels.
        stays = row is not None and row.width > 0 and look.of_pixels in row.made_of
        try:
            wanted.out.parent.mkdir(parents=True, exist_ok=True)
            done = await self._darkroom.render(
                wanted.frames,
                look,
                wanted.out,
                canvas=(row.width, row.height) if row is not None and stays else None,
                latest=wanted.out.with_suffix(".latest.png"),
                sheet=wanted.out.with_suffix(".sheet.png") if sheet else None,
                only_develop=not wanted.worth_it,
            )
            if done is not None and done.shown and self._rules.webp and not sheet:
                beside = wanted.out.with_suffix(".webp")
                await self._darkroom.render(wanted.frames, look, beside, canvas=done.canvas)
            reason = "" if done is not None and done.good else "none of its images can be shown"
        except (Error, OSError) as error:
            done, reason = None, getattr(error, "title", None) or str(error)
            logger.warning("%s: %s", wanted.out, reason)
            self._failed[wanted.key] = wanted  # tried again with the next look at everything
        else:
            self._failed.pop(wanted.key, None)
        await self._keep(wanted, done, reason)
        if done is not None and done.wrote and not sheet:
            self._sheets[wanted.key] = wanted
            await asyncio.to_thread(records.link_latest, wanted.out)
        self._show()

    async def _wait_for_ground(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GROUND_AGAIN_S):
                await self._wish.wait()

    async def _keep(self, wanted: Wanted, done: Rendered | None, reason: str) -> None:
        before = self._rows.get(wanted.key)
        host, source = address = wanted.key.host, wanted.source
        how, now = self._rules.how(host, source), self._clock.now().timestamp()
        row = records.row_of(wanted, done, reason, before, how, now, self._root.path)
        self._rows[wanted.key] = row
        refused, forgotten = [], []
        for found in done.refused if done is not None else ():
            place = records.place_of(wanted, found, self._root.mirror)
            content = (found.size, found.mtime_ns)
            if self._inventory.is_current(address, place, content):
                bad = RefusedRow(host, source, place, *content, found.reason)
                self._refused[host, source, place] = bad
                self._inventory.refuse(address, place, content)
                refused.append(bad)
            else:
                # It was overwritten before it could be read, or was half written: no frame ever.
                self._inventory.forget(address, place, content)
                forgotten.append((host, source, place, *content))
        look = self._rules.look_of(host, source)

        def shown() -> list[FrameRow]:
            if done is None or not done.good:
                return []
            return records.frames_of(wanted, done, look, self._root.path)

        await self._thread.run(records.keep, self._catalogue, row, refused, forgotten, shown)

    def _show(self) -> None:
        failed = sum(bool(row.reason) for row in self._rows.values())
        self._tracker.put_samples(
            SamplesState(len(self._rows | self._waiting), len(self._waiting), failed, len(self._refused))
        )

    def _takes(self, host: str, source: str, inside: bytes) -> bool:
        return self._rules.takes(host, source, inside)
