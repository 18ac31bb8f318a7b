"""Journal: reads launch scripts as they change, keeps their history, and ties entries to runs."""

from __future__ import annotations

import asyncio
import logging
import os
import posixpath
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.journal.ledger import moment, past, rows_of, seen_after
from expsyncd.journal.link import LinkRun, link
from expsyncd.journal.scripts import ScriptReader, find_scripts
from expsyncd.mirror.layout import shown
from expsyncd.state.entries import EntryRow, entries_of, put_entries, put_links
from expsyncd.state.marks import asked, keys_of
from expsyncd.state.measured import measured_of, settings_of
from expsyncd.state.scripts import ScriptSnapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expsyncd.clock import Clock
    from expsyncd.journal.scripts import Answer, Folders, Script
    from expsyncd.mirror.batch import Batch
    from expsyncd.paths import RootPaths
    from expsyncd.state.catalogue import Catalogue
    from expsyncd.state.facts import Facts
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import RunKey
    from expsyncd.state.sqlite import Database
    from expsyncd.state.thread import DatabaseThread

logger = logging.getLogger(__name__)

GROUND_AGAIN_S = 5.0
LINK_AFTER_S = 2.0  # what a run wrote is read first
LINK_EVERY_S = 10.0  # reading all settings of a thousand runs takes a tenth of a second
SPARED = 20  # of 20,000 runs it takes seconds: a twentieth of the time at most
LINK_AT_LEAST_S = 60.0  # jobs and what a run's first events tell may come without a change in the mirror
REST_AFTER_S = 30.0


class Journal:
    """`batch` what changed in the mirror; `run` for ever."""

    def __init__(
        self,
        root: RootPaths,
        folders: Callable[[], Folders],
        thread: DatabaseThread,
        catalogue: Callable[[], Catalogue],
        facts: Facts,
        clock: Clock,
        writable: Callable[[], bool],
    ) -> None:
        """`folders`: the journal's sources as configured; `catalogue` is called in the database thread."""
        self._root = root
        self._folders = folders
        self._thread = thread
        self._catalogue = catalogue
        self._facts = facts
        self._clock = clock
        self._writable = writable
        self._reader = ScriptReader()
        self._wish = asyncio.Event()
        self._look = True
        self._link_at = self._linked_until = 0.0
        self._contents: dict[tuple[str, bytes], tuple[int, int]] = {}
        self._rows: dict[str, EntryRow] = {}
        self._lost: set[str] = set()  # entries that no kept text gives any more
        self._made = -1
        self._linked_of: object = None
        self._linking = asyncio.Lock()
        self._reading = False

    def batch(self, batch: Batch) -> None:
        """Something changed in the mirror."""
        prefixes = tuple(
            os.fsencode(self._root.mirror / host / source) + b"/" for host, source in self._folders()
        )
        if batch.everything or any((path + b"/").startswith(prefixes) for path in batch.paths):
            self._look = True
        soon = max(self._clock.monotonic() + LINK_AFTER_S, self._linked_until)
        self._link_at = min(self._link_at, soon)
        self._wish.set()

    def request(self) -> None:
        """Look and link again soon: the config changed, or the person said something."""
        self._look = True
        self._linked_of = None
        self._link_at = 0.0
        self._wish.set()

    async def say(self, request: dict[str, Any]) -> dict[str, Any]:
        """The person ties `entry` to `runs` (`linked` true), or not (false), or takes that back (null).

        Done when this returns. Raises Error for a request that is none.
        """
        entry, linked = request.get("entry"), request.get("linked")
        if not isinstance(entry, str) or linked not in (True, False, None):
            raise Error("a link is an entry, runs, and whether they belong to it")
        runs = keys_of(request.get("runs", []))
        for run in runs:
            await self._thread.run(self._facts.scripts.put_hand_link, entry, run, linked)
        await self._relink()
        return {"runs": asked(runs)}

    async def run(self) -> None:
        """Read as scripts change; leaves no child behind."""
        try:
            while True:
                self._wish.clear()
                if not self._writable():  # a disk that is away is no empty mirror
                    await self._pause(GROUND_AGAIN_S)
                elif await self._thread.run(self._was_made_anew):
                    await self._remember()
                elif self._look:
                    await self._read_scripts()
                elif self._clock.monotonic() >= self._link_at:
                    await self._relink()
                else:
                    await self._idle()
        finally:
            await self._reader.rest()

    async def _idle(self) -> None:
        pause_s = self._link_at - self._clock.monotonic()
        if self._reading and pause_s > REST_AFTER_S:
            self._reading = False
            await self._reader.rest()
        await self._pause(max(0.0, pause_s))

    async def _pause(self, pause_s: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(pause_s):
                await self._wish.wait()

    def _was_made_anew(self) -> bool:
        """In the database thread; whether the catalogue is another than the one that was remembered."""
        return self._catalogue().made != self._made

    async def _remember(self) -> None:
        """Entries from before; what only the facts know is read again from texts that were kept."""

        def read() -> tuple[int, list[EntryRow]]:
            catalogue = self._catalogue()
            return catalogue.made, catalogue.read(entries_of, [])

        self._made, rows = await self._thread.run(read)
        self._rows = {row.entry: row for row in rows}
        self._contents.clear()
        self._lost.clear()
        self._linked_of = None
        self._look = True

    # --- scripts --------------------------------------------------------------------------------------

    async def _read_scripts(self) -> None:
        self._look = False
        scripts = await asyncio.to_thread(find_scripts, self._root.mirror, self._folders())
        beside: dict[bytes, dict[str, bytes]] = {}
        for script in scripts:
            folder, _, name = script.path.rpartition(b"/")
            beside.setdefault(folder, {})[os.fsdecode(name)] = script.path
        changed = {
            script.path.rpartition(b"/")[0]
            for script in scripts
            if self._contents.get((script.host, script.script)) != script.content
        }
        took, known = False, len(self._rows)
        for script in scripts:
            folder, _, name = script.path.rpartition(b"/")
            if folder in changed:  # one script may submit another
                others = {other: path for other, path in beside[folder].items() if other != os.fsdecode(name)}
                took = await self._read(script, others) or took
        await self._recall()
        if took or changed or len(self._rows) > known:
            await self._put()
        self._link_at = 0.0

    async def _read(self, script: Script, beside: Mapping[str, bytes]) -> bool:
        self._reading = True
        answer = await self._reader.read(script, beside)
        self._contents[script.host, script.script] = script.content
        if answer is None:
            return False
        if answer.trouble:
            logger.warning("%s:%s: %s", script.host, shown(script.script), answer.trouble)
        rows = await self._thread.run(self._take, script, answer, self._clock.now().timestamp())
        there = {row.entry for row in rows}
        for old in list(self._rows.values()):
            if (old.host, old.script) == (script.host, script.script) and old.entry not in there:
                self._rows[old.entry] = replace(old, state="removed")
        self._rows.update({row.entry: row for row in rows})
        return True

    def _take(self, script: Script, answer: Answer, now: float) -> list[EntryRow]:
        """In the database thread."""
        kept = self._facts.scripts
        last = kept.last(script.host, script.script)
        same = last is not None and last.digest == answer.digest
        at = last.at if last and same else moment(script.mtime_ns / 1e9, last.at if last else None, now)
        kept.add_snapshot(ScriptSnapshot(script.host, script.script, at, answer.digest, answer.text))
        seen = kept.seen(script.host, script.script)
        rows = rows_of(script.host, script.script, answer.entries, seen, at)
        kept.put_seen(seen_after(script.host, script.script, rows, seen, at))
        return rows

    async def _recall(self) -> None:
        """Entries that are in no script any more: what they were stands in the texts that were kept."""
        seen = await self._thread.run(self._facts.scripts.seen)
        unknown = [
            one for one in seen.values() if one.entry not in self._rows and one.entry not in self._lost
        ]
        for host, script in {(one.host, one.script) for one in unknown}:
            missing = {one.entry for one in unknown if (one.host, one.script) == (host, script)}
            for snapshot, beside in past(*await self._thread.run(self._texts, host, script)):
                if not missing:
                    break
                answer = await self._reader.read_text(snapshot.text, beside, f"{host}:{shown(script)}")
                for row in rows_of(host, script, answer.entries if answer else [], seen, snapshot.at):
                    if row.entry in missing:
                        self._rows[row.entry] = row
                        missing.discard(row.entry)
            self._lost |= missing
        for entry, one in seen.items():
            if (known := self._rows.get(entry)) is not None:
                self._rows[entry] = replace(
                    known, state=one.state, first_seen_at=one.first_seen_at, changed_at=one.changed_at
                )

    def _texts(self, host: str, script: bytes) -> tuple[list[ScriptSnapshot], list[ScriptSnapshot]]:
        """In the database thread; the texts of a script, and of the others of its folder."""
        kept, folder = self._facts.scripts, posixpath.dirname(script)
        beside = [
            other
            for of, other in kept.oldest()
            if of == host and other != script and posixpath.dirname(other) == folder
        ]
        others = [one for other in beside for one in kept.snapshots(host, other)]
        return kept.snapshots(host, script), others

    async def _put(self) -> None:
        rows = list(self._rows.values())
        await self._thread.run(lambda: self._catalogue().write(lambda db: put_entries(db, rows)))

    # --- links ----------------------------------------------------------------------------------------

    async def _relink(self) -> None:
        async with self._linking:  # who began earlier knows less
            await self._link()

    async def _link(self) -> None:
        began = self._clock.monotonic()
        self._link_at = began + LINK_AT_LEAST_S
        entries = list(self._rows.values())
        runs, jobs, hand, oldest = await self._thread.run(self._links_from, with_runs=bool(entries))
        of = (tuple(runs), tuple(jobs), tuple(hand.items()), tuple(entries))
        of_now = hash(repr(of))
        if of_now == self._linked_of:
            return
        found = await asyncio.to_thread(link, entries, runs, jobs, hand, oldest)
        self._linked_of = of_now

        def write(db: Database) -> None:
            put_links(db, found.links, found.unlinked)

        await self._thread.run(lambda: self._catalogue().write(write))
        ended = self._clock.monotonic()
        self._linked_until = ended + max(LINK_EVERY_S, SPARED * (ended - began))
        self._link_at = max(self._link_at, self._linked_until)

    def _links_from(
        self, *, with_runs: bool
    ) -> tuple[list[LinkRun], list[JobRow], dict[tuple[str, RunKey], bool], dict[tuple[str, bytes], float]]:
        """In the database thread. `with_runs`: without entries only what the person said is linked."""

        def read(db: Database) -> list[LinkRun]:
            settings: dict[RunKey, dict[str, str]] = {}
            for row in settings_of(db):
                settings.setdefault((row.host, row.source, row.inside), {})[row.name] = row.value
            return [
                LinkRun(row.key, row.name, row.began_at, settings.get(row.key, {})) for row in measured_of(db)
            ]

        scripts = self._facts.scripts
        runs: list[LinkRun] = self._catalogue().read(read, []) if with_runs else []
        return runs, self._facts.jobs.known(), scripts.hand_links(), scripts.oldest()
