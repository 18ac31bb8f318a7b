"""The runs' service over a folder, without hosts and pulls: a mirror, its databases, the real child."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from expsyncd.board import names_of
from expsyncd.clock import SystemClock
from expsyncd.mirror.batch import Batch
from expsyncd.paths import RootPaths
from expsyncd.runs.reader import Reader
from expsyncd.runs.service import Runs
from expsyncd.state import measured
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.facts import Facts
from expsyncd.state.sqlite import open_reader
from expsyncd.state.status import (
    ConfigState,
    Connected,
    Fresh,
    HostState,
    RootState,
    Snapshot,
    SourceState,
)
from expsyncd.state.thread import DatabaseThread
from expsyncd.state.tracker import Tracker
from support.wait import eventually

WITHIN_S = 30


class Measuring:
    """`mirror` is gpu's; `changed` tells the service, `run` and the like wait for what the catalogue says."""

    def __init__(self, folder) -> None:
        self.root = folder
        self.mirror = folder / "mirror"
        self.source = self.mirror / "gpu" / "exp"
        self.source.mkdir(parents=True, exist_ok=True)
        self.catalogue_db = folder / "catalogue.db"
        now = datetime.now(UTC)
        self.tracker = Tracker(
            Snapshot("0", os.getpid(), now, ConfigState("hosts.yaml", now), RootState(str(folder)))
        )
        self.clock = SystemClock()
        self.reader = Reader(self.mirror, silent_s=10)

    def pulled(self, host="gpu", source="exp") -> None:
        """As if the source had just been pulled."""
        now = datetime.now(UTC)
        there = SourceState("~/exp", status=Fresh(now), last_success_at=now)
        self.tracker.put_host(host, HostState(Connected(), now, sources={source: there}))

    @asynccontextmanager
    async def running(self):
        """The service at work."""
        self.thread = DatabaseThread()
        self.facts = await self.thread.run(Facts.open, self.root / "facts.db")
        self.catalogue = await self.thread.run(Catalogue.open, self.catalogue_db)
        self.runs = Runs(
            RootPaths(self.root), self.reader, self.tracker, self.thread,
            lambda: self.catalogue, self.facts, self.clock, lambda: True, names_of, 5,
        )  # fmt: skip
        try:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(self.runs.run(), name="runs")
                try:
                    yield self
                finally:
                    task.cancel()
        finally:
            await self.thread.run(self.catalogue.close)
            await self.thread.run(self.facts.close)
            await self.thread.close()

    def changed(self, *paths) -> None:
        """Tell the service; without paths of everything."""
        self.runs.batch(Batch(frozenset(os.fsencode(path) for path in paths), everything=not paths))

    def read(self, function):
        """What the catalogue says now, by a reader of its own as the commands have."""
        db = open_reader(self.catalogue_db)
        try:
            return function(db)
        finally:
            db.close()

    def rows(self):
        """Runs by name."""
        return {row.name: row for row in self.read(measured.measured_of)}

    def key(self, name):
        return self.rows()[name].key

    def scalars(self, name):
        """Scalars of a run by tag; none while it is not known."""
        if name not in self.rows():
            return {}
        key = self.key(name)
        return {row.tag: row for row in self.read(lambda db: measured.scalars_of(db, key))}

    def settings(self, name):
        key = self.key(name)
        return {row.name: row.value for row in self.read(lambda db: measured.settings_of(db, key))}

    def curve(self, name, tag):
        key = self.key(name)
        return self.read(lambda db: measured.curve_of(db, key, tag))

    async def run(self, name, condition=bool):
        """The row of a run, once it is there and `condition` holds."""
        await eventually(
            lambda: (row := self.rows().get(name)) is not None and condition(row), WITHIN_S, f"{name}"
        )
        return self.rows()[name]

    async def step(self, name, step):
        """Wait until a run has come to a step."""
        return await self.run(name, lambda row: row.step == step)
