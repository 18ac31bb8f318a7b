"""HostSources: the sources of one host, each kept fresh while the host is connected."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from expsyncd.config.names import is_glob
from expsyncd.errors import Error
from expsyncd.pull.chosen import chosen, journal_sources
from expsyncd.pull.freshness import at_start
from expsyncd.pull.globs import matches
from expsyncd.pull.keeper import SourceKeeper
from expsyncd.pull.reach import RrsyncReach, RsyncReach
from expsyncd.pull.sftp_reach import SftpReach
from expsyncd.pull.source import Lanes, Source, Tools

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.pull.carrier import Reach
    from expsyncd.ssh.connection import Connection, Link
    from expsyncd.state.status import SourceState, Trouble


class HostSources:
    """`serve` runs for the time of one connection; wishes made meanwhile or before are kept."""

    def __init__(
        self,
        config: HostConfig,
        whole: Config,
        connection: Connection,
        tools: Tools,
        clock: Clock,
        put: Callable[[str, SourceState], None],
        observe: Callable[[dict[str, Any]], None],
        *,
        last_success: Mapping[str, datetime],
        audit_since: datetime | None = None,
    ) -> None:
        """`put` hears of every new state of a source by its name, `observe` of the events of pulls."""
        self._config = config
        self._whole = whole
        self._connection = connection
        self._tools = tools
        self._clock = clock
        self._put = put
        self._observe = observe
        self._last_success = last_success
        self._audit_since = audit_since
        self.configured: Mapping[str, SourceConfig] = {
            s.name: s for s in (*config.sources, *journal_sources(config))
        }
        self._keepers: dict[str, SourceKeeper] = {}
        self._belongs: dict[str, str] = {}  # a source to the configured one that it is or is a match of
        self._glob_wish = asyncio.Event()
        self._lanes = Lanes()
        for source in self.configured.values():
            if not is_glob(source.path):
                self._keeper(chosen(whole, config, source), source.name)

    def request_pull(self, name: str | None = None) -> dict[str, int]:
        """Wish a pull of one source or all; for each the number of the round that fulfils it.

        Raises Error when this host has no such source.
        """
        wanted = [n for n, belongs in self._belongs.items() if name in (None, n, belongs)]
        if not wanted and name is not None and name not in self.configured:
            known = ", ".join(self._belongs) or "none"
            raise Error(f"{self._config.name} has no source {name}", f"its sources: {known}")
        if name is None or is_glob(self.configured[self._belongs.get(name, name)].path):
            self._glob_wish.set()
        return {n: self._keepers[n].request() for n in wanted}

    async def preview(self, name: str | None = None) -> list[dict[str, Any]]:
        """What a pull would do now: a `plan` event for each source."""
        wanted = [k for n, k in self._keepers.items() if name in (None, n, self._belongs[n])]
        return [await keeper.preview() for keeper in wanted]

    def request_audit(self, number: int) -> None:
        """Wish a look by digest at one slice of every source."""
        for keeper in self._keepers.values():
            keeper.request_audit(number)

    def plan_next(self, name: str, moment: datetime | None) -> None:
        """Remember when the schedule next wishes a pull of a configured source."""
        for own_name, keeper in self._keepers.items():
            if self._belongs[own_name] == name:
                keeper.plan_next(moment)

    def unreachable(self, cause: Trouble) -> None:
        """The host cannot be seen, so nothing is fresh."""
        for keeper in self._keepers.values():
            keeper.unreachable(cause)

    async def serve(self, link: Link) -> None:
        """Pull as wished, over one connection; until cancelled."""
        reach = self._reach(link)
        self._lanes.join(one=bool(link.alone))
        async with asyncio.TaskGroup() as group:
            group.create_task(reach.run(), name=f"reach of {self._config.name}")
            for keeper in self._keepers.values():
                self._start(group, keeper, reach)
            await self._expand(group, reach)

    def _keeper(self, source: Source, belongs: str) -> SourceKeeper:
        keeper = SourceKeeper(
            source,
            self._tools,
            self._lanes,
            self._clock,
            at_start(source.path, self._last_success.get(source.name)),
            self._put,
            self._observe,
            audit_since=self._audit_since,
        )
        self._keepers[source.name] = keeper
        self._belongs[source.name] = belongs
        self._put(source.name, keeper.state)
        return keeper

    def _start(self, group: asyncio.TaskGroup, keeper: SourceKeeper, reach: Reach) -> None:
        group.create_task(keeper.run(reach), name=f"source {self._config.name}/{keeper.source.name}")

    def _reach(self, link: Link) -> Reach:
        """How this host's files come, as the fresh connection found out."""
        connection = self._connection
        if link.transport == "sftp":
            # Of a clock that is not known believe that it agrees.
            return SftpReach(connection.sftp, connection.heard, link.clock_offset_s or 0.0)
        if link.transport == "rrsync":
            return RrsyncReach(connection, self._config.ssh, round_trip_s=link.round_trip_s)
        return RsyncReach(
            connection,
            self._config.ssh,
            round_trip_s=link.round_trip_s,
            rsync_version=link.rsync_version,
            digests=link.digest,
        )

    async def _expand(self, group: asyncio.TaskGroup, reach: Reach) -> None:
        """Whenever a glob's pull is wished, ask the host which folders match now."""
        while True:
            await self._glob_wish.wait()
            self._glob_wish.clear()
            configured = self.configured.values()
            async with self._lanes.metrics:
                found = await matches(reach, self._whole, self._config, configured)
            for source, belongs in found:
                if source.name not in self._keepers:
                    keeper = self._keeper(source, belongs)
                    self._start(group, keeper, reach)
                    keeper.request()
