"""Pulls without a daemon: one connection to a real sshd, a root of its own, and pulls one by one."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from expsyncd.clock import SystemClock
from expsyncd.config.model import VersionsConfig
from expsyncd.mirror.root import Root
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.outcome import Outcome
from expsyncd.pull.puller import Pull
from expsyncd.pull.reach import RrsyncReach, RsyncReach
from expsyncd.pull.rsync import environment
from expsyncd.pull.sftp_reach import SftpReach
from expsyncd.pull.source import Lanes, Source, Tally, Tools
from expsyncd.ssh.connection import Connection
from expsyncd.state.facts import Facts
from expsyncd.state.thread import DatabaseThread
from support.programs import RRSYNC

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from expsyncd.state.status import Trouble

# What the host's sshd lets a login do; `Sshd` options.
HOSTS: dict[str, dict[str, Any]] = {
    "rsync": {},
    "sftp": {"force_command": "internal-sftp"},
    "rrsync": {"force_command": f"{RRSYNC} -ro /"},
}


class Ground:
    """The root as pulls see it; `trouble` is the test's to set."""

    def __init__(self, root: Root) -> None:
        self.paths = root.paths
        self.trouble: Trouble | None = None
        self._root = root

    def check(self) -> Trouble | None:
        return self.trouble or self._root.check()


class World:
    """`there` is the source on the host; `events` hears of event files that leave and come back."""

    def __init__(self, base: Path, connection: Connection, reach: Any, tools: Tools, ground: Ground) -> None:
        self.there = base / "there"
        self.base = base
        self.connection = connection
        self.reach = reach
        self.tools = tools
        self.ground = ground
        self.events: list[tuple[str, list[Path]]] = []
        self.transport = ""
        self.count = 0
        self.census: Any = None

    @property
    def here(self) -> Path:
        return self.ground.paths.mirror / "gpu" / "there"

    @property
    def versions(self) -> Path:
        return self.ground.paths.versions

    def new(self, **options: Any) -> Pull:
        """A pull of the source, not begun."""
        self.count += 1
        source = Source("gpu", "there", options.pop("path", str(self.there)), **options)
        return Pull(
            source, self.reach, self.tools, Lanes(), Tally(), pull_id=f"p{self.count}", clock=SystemClock(),
            census=self.census,
        )  # fmt: skip

    async def pull(self, *, audit: Sequence[bytes] = (), **options: Any) -> Pull:
        """One whole pull; how it ended is in its outcome."""
        pull = self.new(**options)
        try:
            await pull.look(audit=audit)
            await pull.metrics()
            await pull.bulk()
        except Stopped as stopped:
            pull.stop(stopped.outcome)
        self.census = pull.census if pull.outcome.kind == "complete" else None
        return pull

    async def settled(self, **options: Any) -> Pull:
        """A pull that must end complete."""
        pull = await self.pull(**options)
        assert pull.outcome == Outcome("complete"), pull.outcome
        return pull


@asynccontextmanager
async def world(base: Path, sshd: Any, *, room: Any = lambda: None) -> AsyncIterator[World]:
    """A World on `sshd`; `base` needs a short path."""
    (base / "there").mkdir(exist_ok=True)
    connection = Connection(sshd.alias, socket_dir=base / "cm", ssh_options=sshd.options)
    thread = DatabaseThread()
    try:
        link = await connection.open()
        facts = await thread.run(Facts.open, base / "facts.db")
        ground = Ground(await thread.run(Root.prepare, base / "root", facts))

        async def replacing(files: Sequence[Path]) -> None:
            found.events.append(("replacing", list(files)))

        def replaced(files: Sequence[Path]) -> None:
            found.events.append(("replaced", list(files)))

        tools = Tools(
            ground=ground, facts=facts, thread=thread, versions=VersionsConfig(),
            environment=environment(dict(os.environ)), room=room, replacing=replacing, replaced=replaced,
        )  # fmt: skip
        reach: Any
        if link.transport == "sftp":
            reach = SftpReach(connection.sftp, connection.heard, link.clock_offset_s or 0.0)
        elif link.transport == "rrsync":
            reach = RrsyncReach(connection, sshd.alias, round_trip_s=link.round_trip_s)
        else:
            reach = RsyncReach(
                connection, sshd.alias, round_trip_s=link.round_trip_s, rsync_version=link.rsync_version,
                digests=link.digest,
            )  # fmt: skip
        found = World(base, connection, reach, tools, ground)
        async with asyncio.TaskGroup() as group:
            resting = group.create_task(reach.run())
            try:
                yield found
            finally:
                resting.cancel()
        await thread.run(facts.close)
    finally:
        await connection.close()
        await thread.close()
