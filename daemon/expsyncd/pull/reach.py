"""How a host's files come by rsync over one connection: beside commands, or where nothing else may run."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.process import run
from expsyncd.pull import command
from expsyncd.pull.carry import RsyncCarrier
from expsyncd.pull.chosen import glob_matches, glob_script
from expsyncd.pull.command import Remote, remote
from expsyncd.pull.glob_steps import filters_of, taken_apart
from expsyncd.pull.listing import read
from expsyncd.pull.remote_tree import joined
from expsyncd.pull.rrsync_carry import RrsyncCarrier
from expsyncd.pull.rsync import environment

if TYPE_CHECKING:
    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Carrier
    from expsyncd.pull.source import Commands, Source, Tally, Tools

GLOB_TIMEOUT_S = 30.0
NOWHERE = Path("/nonexistent/expsyncd")  # a dry-run looks there, finds nothing, and makes nothing


class RsyncReach:
    """By rsync; commands on the host digest files and look for folders. See Reach."""

    by_names = True

    def __init__(
        self,
        connection: Commands,
        alias: str,
        *,
        round_trip_s: float,
        rsync_version: str | None,
        digests: str | None,
    ) -> None:
        self._connection = connection
        self._alias = alias
        self._round_trip_s = round_trip_s
        self._rsync_version = rsync_version
        self._digests = digests

    def carrier(self, source: Source, tools: Tools, tally: Tally, pull_id: str, clock: Clock) -> Carrier:
        """For one pull of `source`. Raises Error when the connection is gone."""
        rsh = self._connection.rsh()
        there = remote(rsh, self._alias, source.path, self._round_trip_s, self._rsync_version)
        return RsyncCarrier(
            source, there, tools, tally, pull_id, clock, connection=self._connection, digests=self._digests
        )

    async def folders(self, pattern: str) -> list[str]:
        """By the host's shell."""
        answer = await self._connection.command(
            "exec sh", data=glob_script(pattern), timeout_s=GLOB_TIMEOUT_S
        )
        return glob_matches(answer.stdout)

    def heard(self) -> None:
        """The host answered just now."""
        self._connection.heard()

    async def run(self) -> None:
        """Nothing rests: every rsync is a child of its own."""
        await asyncio.Event().wait()


class RrsyncReach:
    """By rsync alone, through a key that is limited to rrsync. See Reach."""

    by_names = True

    def __init__(self, connection: Commands, alias: str, *, round_trip_s: float) -> None:
        self._connection = connection
        self._alias = alias
        self._round_trip_s = round_trip_s

    def carrier(self, source: Source, tools: Tools, tally: Tally, pull_id: str, clock: Clock) -> Carrier:
        """For one pull of `source`. Raises Error when the connection is gone."""
        there = self._remote(source.path)
        return RrsyncCarrier(
            source, there, tools, tally, pull_id, clock, connection=self._connection, digests=None
        )

    async def folders(self, pattern: str) -> list[str]:
        """By a dry-run that lists just the folders on the way."""
        steps = taken_apart(pattern)
        base = steps.base.decode("utf-8", "surrogateescape")
        argv = command.folders(self._remote(base or "~"), NOWHERE, filters_of(steps.rest))
        answer = await run(argv, timeout_s=GLOB_TIMEOUT_S, environment=environment(dict(os.environ)))
        listed = read(answer.stdout.splitlines()).folders
        matching = (path for path in listed if steps.matches(path))
        return sorted(joined(steps.base, path).decode("utf-8", "surrogateescape") for path in matching)

    def heard(self) -> None:
        """The host answered just now."""
        self._connection.heard()

    async def run(self) -> None:
        """Nothing rests."""
        await asyncio.Event().wait()

    def _remote(self, path: str) -> Remote:
        return remote(self._connection.rsh(), self._alias, path, self._round_trip_s, None, limited=True)
