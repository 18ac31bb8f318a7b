"""HostSources: the sources of one host, each kept fresh while the host is connected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from expsyncd.config.model import Every
from expsyncd.config.names import is_glob
from expsyncd.errors import Error
from expsyncd.follow.follower import Follower
from expsyncd.follow.places import why_not
from expsyncd.jobs.output import Folder
from expsyncd.output_sources import OUTPUTS, output_sources
from expsyncd.pull.chosen import chosen, journal_sources
from expsyncd.pull.freshness import at_start
from expsyncd.pull.globs import matches
from expsyncd.pull.holds import holds
from expsyncd.pull.keeper import SourceKeeper
from expsyncd.pull.reach import RrsyncReach, RsyncReach
from expsyncd.pull.rhythm import Rhythm
from expsyncd.pull.sftp_reach import SftpReach
from expsyncd.pull.source import Lanes, Source, Tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.pull.carrier import Reach
    from expsyncd.ssh.connection import Connection, Link
    from expsyncd.state.status import SourceState, Trouble


# When a source's schedule first wishes a pull at or after a moment; None is now.
After = Callable[[datetime | None], datetime | None]
EVERY_BY_CRON_S = 60.0


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
        follow: bool = True,
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
        self._file_wish = asyncio.Event()
        self._not_served: list[SourceKeeper] = []  # of job output, made while others run
        self._afters: dict[str, After] = {}
        self._lanes = Lanes()
        self._follow = follow
        self._follower = Follower(config.name, connection, self._lanes.leases, tools, clock)
        for source in self.configured.values():
            if not is_glob(source.path):
                self._keeper(chosen(whole, config, source), source.name)

    def request_pull(self, name: str | None = None) -> dict[str, int]:
        """Wish a pull of one source or all; for each the number of the round that fulfils it.

        Raises Error when this host has no such source.
        """
        wanted = [n for n, belongs in self._belongs.items() if name in (None, n, belongs)]
        if not wanted and name not in (None, OUTPUTS) and name not in self.configured:
            known = ", ".join(self._belongs) or "none"
            raise Error(f"{self._config.name} has no source {name}", f"its sources: {known}")
        meant = None if name is None else self.configured.get(self._belongs.get(name, name))
        if name is None or (meant is not None and is_glob(meant.path)):
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

    def request_check(self, source: str, path: bytes) -> None:
        """Wish a look by digest at one file of the mirror."""
        if source in self._keepers:
            self._keepers[source].request_check(path)

    def request_by_clock(self, name: str) -> None:
        """The interval of a configured source is over: wish a pull where it is not followed."""
        keepers = [self._keepers[own] for own, belongs in self._belongs.items() if belongs == name]
        if name in self.configured and is_glob(self.configured[name].path):
            self._glob_wish.set()  # folders are followed one by one: nobody else tells of a new one
        for keeper in keepers:
            keeper.request_by_clock()

    def plan_next(self, name: str, after: After) -> None:
        """Remember the schedule of a configured source: when it next wishes a pull, at or after a moment."""
        self._afters[name] = after
        for own_name, keeper in self._keepers.items():
            if self._belongs[own_name] == name:
                keeper.plan_next(after)

    def paths(self) -> Mapping[str, str]:
        """The path of each source that is not made of job output, as configured."""
        return {n: k.source.path for n, k in self._keepers.items() if self._belongs[n] != OUTPUTS}

    def folders(self, physical: Mapping[str, str]) -> list[Folder]:
        """All sources whose place on the host is known, `physical` by name or told by Slurm."""
        found = []
        for name, keeper in self._keepers.items():
            source = keeper.source
            made = self._belongs[name] == OUTPUTS
            if path := source.path if made else physical.get(name):
                found.append(Folder(name, path, holds(source), made))
        return found

    def request_files(self, wished: Mapping[str, tuple[str, ...]]) -> None:
        """Wish that just these files of these folders are pulled, each folder a source of its own."""
        for source in output_sources(wished):
            made = chosen(self._whole, self._config, source)
            if source.name not in self._keepers:
                self._not_served.append(self._keeper(made, OUTPUTS))
            elif self._belongs[source.name] != OUTPUTS or self._keepers[source.name].source == made:
                continue
            self._keepers[source.name].source = made
            self._follower.add(self._keepers[source.name], self._every_s(OUTPUTS))
            self._keepers[source.name].request()
        self._file_wish.set()

    def turn(self) -> asyncio.Lock:
        """For a command, where the host allows one session at a time."""
        return self._lanes.metrics

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
            self._not_served.clear()
            for keeper in self._keepers.values():
                self._start(group, keeper, reach)
            group.create_task(self._take_up(group, reach), name=f"job output of {self._config.name}")
            await self._expand(group, reach)

    async def follow(self, link: Link) -> None:
        """Have what grows on the host told at once, beside the pulls; until cancelled."""
        await self._follower.run(link.python, why_not(self._config, link, wished=self._follow))

    def _keeper(self, source: Source, belongs: str) -> SourceKeeper:
        keeper = SourceKeeper(
            source,
            self._tools,
            self._lanes,
            self._clock,
            at_start(source.path, self._last_success.get(source.name)),
            self._put,
            self._observe,
            rhythm=Rhythm(self._clock, self._whole.reconcile),
            audit_since=self._audit_since,
        )
        self._keepers[source.name] = keeper
        self._belongs[source.name] = belongs
        if belongs in self._afters:
            keeper.plan_next(self._afters[belongs])
        self._follower.add(keeper, self._every_s(belongs))
        self._put(source.name, keeper.state)
        return keeper

    def _every_s(self, belongs: str) -> float:
        configured = self.configured.get(belongs)
        if configured is None:  # of job output
            interval = self._config.interval or self._whole.interval
        else:
            interval = self._whole.interval_of(self._config, configured)
        return interval.period.total_seconds() if isinstance(interval, Every) else EVERY_BY_CRON_S

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

    async def _take_up(self, group: asyncio.TaskGroup, reach: Reach) -> None:
        """Serve the sources that were made since."""
        while True:
            await self._file_wish.wait()
            self._file_wish.clear()
            while self._not_served:
                self._start(group, self._not_served.pop(), reach)

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
