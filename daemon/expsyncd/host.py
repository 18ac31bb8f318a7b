"""Host: the one loop that owns the connection and the pulls of one host."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from expsyncd.config.names import is_glob
from expsyncd.errors import Error, first_of
from expsyncd.pull.chosen import chosen, journal_sources
from expsyncd.pull.command import Remote, remote
from expsyncd.pull.freshness import at_start
from expsyncd.pull.globs import matches
from expsyncd.pull.keeper import SourceKeeper
from expsyncd.pull.source import Lanes, Source, Tools
from expsyncd.ssh.connection import ConnectionProblem
from expsyncd.state.status import (
    Connected,
    Connecting,
    HostFailed,
    HostState,
    HostStatus,
    NeedsLogin,
    Paused,
    SourceState,
    Trouble,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.ssh.connection import Connection, Link
    from expsyncd.ssh.retry import Backoff
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)


class Host:
    """`run` lives as long as the host is in the config; everything else is a wish or a look."""

    def __init__(
        self,
        config: HostConfig,
        whole: Config,
        connection: Connection,
        backoff: Backoff,
        tools: Tools,
        tracker: Tracker,
        clock: Clock,
        observe: Callable[[dict[str, Any]], None],
        *,
        watched: Callable[[], bool],
        last_success: Mapping[str, datetime],
        paused: bool = False,
        audit_since: datetime | None = None,
        start_after_s: float = 0.0,
        pull_at_once: bool = True,
    ) -> None:
        self.config = config
        self._whole = whole
        self._connection = connection
        self._backoff = backoff
        self._tools = tools
        self._tracker = tracker
        self._clock = clock
        self._observe = observe
        self._watched = watched
        self._paused = paused
        self._audit_since = audit_since
        self._start_after_s = start_after_s
        self._pull_at_once = pull_at_once
        self._last_success = last_success
        self._configured = {s.name: s for s in (*config.sources, *journal_sources(config))}
        self._keepers: dict[str, SourceKeeper] = {}
        self._belongs: dict[str, str] = {}  # a source to the configured one that it is or is a match of
        self._glob_wish = asyncio.Event()
        self._lanes = Lanes()
        self._retry = asyncio.Event()
        self._link: Link | None = None
        self._group: asyncio.TaskGroup | None = None
        status = Paused() if paused else Connecting()
        self._state = HostState(status, clock.now(), config.ssh, notices=config.not_done_yet)
        for source in self._configured.values():
            if not is_glob(source.path):
                self._keeper(chosen(whole, config, source), source.name)
        self._tracker.put_host(self.config.name, self._state)

    @property
    def configured(self) -> Mapping[str, SourceConfig]:
        """The configured sources by name, launch scripts among them."""
        return self._configured

    @property
    def state(self) -> HostState:
        """What is known of the host."""
        return self._state

    def request_pull(self, name: str | None = None) -> dict[str, int]:
        """Wish a pull of one source or all; for each the number of the round that fulfils it.

        Raises Error when this host has no such source.
        """
        wanted = [n for n, belongs in self._belongs.items() if name in (None, n, belongs)]
        if not wanted and name is not None and name not in self._configured:
            known = ", ".join(self._belongs) or "none"
            raise Error(f"{self.config.name} has no source {name}", f"its sources: {known}")
        if name is None or is_glob(self._configured[self._belongs.get(name, name)].path):
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

    def request_retry(self) -> None:
        """Something changed (a wake, a person looks): forget the waiting and try now.

        What a try cannot mend (a wrong key, a missing second factor) is not tried: only `resume` does.
        """
        self._connection.doubt()
        if not isinstance(self._state.status, (HostFailed, NeedsLogin)):
            self._backoff.reset()
            self._retry.set()

    def pause(self) -> None:
        """Stop pulling and let the connection go."""
        self._paused = True
        self._retry.set()

    def resume(self) -> None:
        """Undo `pause`, and try again what had failed."""
        self._paused = False
        self._backoff.reset()
        self._retry.set()

    def plan_next(self, name: str, moment: datetime | None) -> None:
        """Remember when the schedule next wishes a pull of a configured source."""
        for own_name, keeper in self._keepers.items():
            if self._belongs[own_name] == name:
                keeper.plan_next(moment)

    async def run(self) -> None:
        """Connect, pull while connected, wait, and again; until cancelled."""
        if self._start_after_s:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._retry.wait(), self._start_after_s)
        while True:
            self._retry.clear()
            if self._paused:
                self._become(Paused(), Trouble("paused by you", f"expsyncd resume {self.config.name}"))
                await self._retry.wait()
                continue
            self._become(Connecting())
            await asyncio.sleep(self._backoff.held_s())  # never more than six attempts a minute
            try:
                self._backoff.attempt()
                self._link = await self._connection.open()
                self._backoff.reset()
                problem = await self._serve(self._link)
            except ConnectionProblem as error:
                problem = error
            finally:
                await self._connection.close()
            if problem is not None:
                await self._wait(problem)

    async def _serve(self, link: Link) -> ConnectionProblem | None:
        """Pull until the connection is lost or a pause is wished."""
        self._become(Connected())
        problem: ConnectionProblem | None = None

        async def lost() -> None:
            nonlocal problem
            problem = await self._connection.lost()
            raise _Over

        async def paused() -> None:
            while not self._paused:
                await self._retry.wait()
                self._retry.clear()
            raise _Over

        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                group.create_task(lost(), name=f"lost {self.config.name}")
                group.create_task(paused(), name=f"paused {self.config.name}")
                group.create_task(self._expand(link), name=f"globs {self.config.name}")
                for keeper in self._keepers.values():
                    self._start(keeper, link)
                if self._pull_at_once:
                    self.request_pull()
        except* _Over:
            pass
        except* ConnectionProblem as lost_meanwhile:
            problem = problem or first_of(lost_meanwhile)
        finally:
            self._group = None
            self._link = None
        return problem

    async def _wait(self, problem: ConnectionProblem) -> None:
        trouble = Trouble(problem.title, problem.advice)
        diagnosis = problem.diagnosis
        if diagnosis.needs_login:
            self._become(NeedsLogin(trouble), trouble)
        elif not diagnosis.retry:
            self._become(HostFailed(trouble), trouble)
        else:
            delay_s = self._backoff.next_delay_s(watched=self._watched())
            self._become(Waiting(trouble, self._clock.now() + timedelta(seconds=delay_s)), trouble)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._retry.wait(), delay_s)
            return
        # Neither a login nor a changed key is found by trying: only a wish of the person ends this.
        await self._retry.wait()

    def _keeper(self, source: Source, belongs: str) -> SourceKeeper:
        keeper = SourceKeeper(
            source,
            self._tools,
            self._lanes,
            self._clock,
            at_start(source.path, self._last_success.get(source.name)),
            self._put_source,
            self._observe,
            audit_since=self._audit_since,
        )
        self._keepers[source.name] = keeper
        self._belongs[source.name] = belongs
        self._put_source(source.name, keeper.state)
        return keeper

    def _start(self, keeper: SourceKeeper, link: Link) -> None:
        assert self._group is not None
        self._group.create_task(
            keeper.run(self._connection, lambda source: self._remote(source, link), link.digest),
            name=f"source {self.config.name}/{keeper.source.name}",
        )

    def _remote(self, source: Source, link: Link) -> Remote:
        rsh = self._connection.rsh()
        return remote(rsh, self.config.ssh, source.path, link.round_trip_s, link.rsync_version)

    async def _expand(self, link: Link) -> None:
        """Whenever a glob's pull is wished, ask the host which folders match now."""
        while True:
            await self._glob_wish.wait()
            self._glob_wish.clear()
            configured = self._configured.values()
            for source, belongs in await matches(self._connection, self._whole, self.config, configured):
                if source.name not in self._keepers:
                    keeper = self._keeper(source, belongs)
                    self._start(keeper, link)
                    keeper.request()

    def _become(self, status: HostStatus, cause: Trouble | None = None) -> None:
        """The one place where the host's status changes; logs on the edge only."""
        before = self._state.status
        entered = (before.word, before.sentence) != (status.word, status.sentence)
        if entered and cause is not None and before.word != "paused":
            logger.warning(
                "%s: %s%s", self.config.name, cause.title, f" ({cause.advice})" if cause.advice else ""
            )
        elif entered and isinstance(status, Connected):
            logger.info("%s: connected", self.config.name)
        since = self._clock.now() if entered else self._state.since
        if isinstance(status, Connecting) and isinstance(before, Waiting):
            return  # an attempt in a row of attempts: the person keeps seeing why it waits
        self._state = replace(self._state, status=status, since=since)
        if cause is not None:
            for keeper in self._keepers.values():
                keeper.unreachable(cause)
        self._tracker.put_host(self.config.name, self._state)

    def _put_source(self, name: str, state: SourceState) -> None:
        self._state = replace(self._state, sources={**self._state.sources, name: state})
        self._tracker.put_host(self.config.name, self._state)


class _Over(Exception):  # noqa: N818 - ends the group that serves a connection; no failure
    """The connection is over."""
