"""Host: the one loop that owns the connection of one host and all that runs over it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from expsyncd.errors import first_of
from expsyncd.host_asks import HostAsks
from expsyncd.host_sources import HostSources
from expsyncd.host_telling import HostTelling
from expsyncd.ssh.connection import ConnectionProblem
from expsyncd.ssh.tunnels import Tunnels
from expsyncd.state.status import (
    Connected,
    Connecting,
    HostFailed,
    HostState,
    NeedsLogin,
    Paused,
    Trouble,
    Waiting,
)
from expsyncd.supervise import LONGEST_S, cancels, either, heed_cancel, keep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.host_sources import After
    from expsyncd.jobs.keeper import Means
    from expsyncd.pull.source import Tools
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
        asking: Means,
        last_success: Mapping[str, datetime],
        paused: bool = False,
        audit_since: datetime | None = None,
        start_after_s: float = 0.0,
        pull_at_once: bool = True,
        notify: Callable[[str, Trouble], None] = lambda _host, _trouble: None,
    ) -> None:
        self.config = config
        self._connection = connection
        self._backoff = backoff
        self._clock = clock
        self._watched = watched
        self._paused = paused
        self._start_after_s = start_after_s
        self._pull_at_once = pull_at_once
        self._notify = notify
        self._retry = asyncio.Event()
        state = HostState(Paused() if paused else Connecting(), clock.now(), config.ssh)
        self._telling = HostTelling(config.name, state, tracker, clock)
        self._sources = HostSources(
            config,
            whole,
            connection,
            tools,
            clock,
            partial(self._telling.put_part, "sources"),
            observe,
            last_success=last_success,
            audit_since=audit_since,
            follow=config.follow and pull_at_once,
        )
        self._tunnels = Tunnels(config, partial(self._telling.put_part, "tunnels"), clock)
        self._asks = HostAsks(
            config, connection, self._sources, asking, watched=watched, put=self._telling.put
        )
        self._telling.unreachable = self._unreachable

    @property
    def configured(self) -> Mapping[str, SourceConfig]:
        """The configured sources by name, launch scripts among them."""
        return self._sources.configured

    @property
    def state(self) -> HostState:
        """What is known of the host."""
        return self._telling.state

    @property
    def hops(self) -> set[str]:
        """The gateways on the way there, as far as they are known yet."""
        return self._connection.hops

    def request_pull(self, name: str | None = None) -> dict[str, int]:
        """Wish a pull of one source or all; for each the number of the round that fulfils it.

        Raises Error when this host has no such source.
        """
        return self._sources.request_pull(name)

    async def preview(self, name: str | None = None) -> list[dict[str, Any]]:
        """What a pull would do now: a `plan` event for each source."""
        return await self._sources.preview(name)

    def apply_asks(self, config: HostConfig) -> None:
        """Ask Slurm and about GPUs as this config says, which differs in nothing else."""
        self.config = config
        self._asks.apply(config)

    def request_audit(self, number: int) -> None:
        """Wish a look by digest at one slice of every source."""
        self._sources.request_audit(number)

    def request_check(self, source: str, path: bytes) -> None:
        """Wish a look by digest at one file of the mirror, which does not look sound."""
        self._sources.request_check(source, path)

    def request_retry(self) -> None:
        """Something changed (say a person looks): try now, unless only something new can mend it."""
        self._connection.doubt()
        if not isinstance(self._telling.state.status, (HostFailed, NeedsLogin)):
            self._backoff.reset()
            self._retry.set()

    def look_after(self) -> None:
        """This machine slept or its network changed: what is connected may be dead, what waits may work."""
        self._connection.doubt(soon=True)
        self._connection.give_up()
        self.request_retry()

    def pause(self) -> None:
        """Stop pulling and let the connection go."""
        self._paused = True
        self._retry.set()

    async def resume(self) -> None:
        """Undo `pause`, and try again what had failed."""
        self._paused = False
        await self.request_login()

    async def request_login(self, *, typed: AbstractSet[str] = frozenset()) -> None:
        """The person logged in, or mended what had failed: look now.

        `typed`: ssh aliases for which they had to type something: no other attempt can do without them.
        """
        await self._connection.forgive()
        await self._connection.note_typed(typed)
        self._backoff.reset()
        self._telling.asked = True
        if isinstance(self._telling.state.status, (HostFailed, NeedsLogin)) and not self._paused:
            self._telling.become(Connecting())
        self._retry.set()

    def request_by_clock(self, name: str) -> None:
        """The interval of a configured source is over: wish a pull, unless it is followed."""
        self._sources.request_by_clock(name)

    def plan_next(self, name: str, after: After) -> None:
        """Remember the schedule of a configured source: when it next wishes a pull, at or after a moment."""
        self._sources.plan_next(name, after)

    async def run(self) -> None:
        """Connect, pull while connected, wait, and again; until cancelled."""
        if self._start_after_s:
            await self._wished(self._start_after_s)
        while True:
            self._retry.clear()
            if self._paused:
                self._telling.become(
                    Paused(), Trouble("paused by you", f"expsyncd resume {self.config.name}")
                )
                await self._retry.wait()
                continue
            self._telling.become(Connecting())
            self._telling.asked = False
            try:
                link = await self._connection.open(self._turn)
                self._backoff.reset()
                problem = await self._serve(link)
            except ConnectionProblem as error:
                problem = error
            except _Over:
                continue
            except Exception:  # what nobody foresaw: `keep` logs it and starts this loop again after a pause
                trouble = Trouble("something unforeseen failed here", "`expsyncd logs` says what")
                until = self._clock.now() + timedelta(seconds=LONGEST_S)
                self._telling.become(Waiting(trouble, until), trouble)
                raise
            finally:
                await self._connection.close()
            if problem is not None and not self._paused:
                await self._wait(problem)

    async def _turn(self) -> None:
        """Never more than six attempts a minute, whoever wishes them, and none of a host that is paused."""
        await self._wished(self._backoff.held_s())
        if self._retry.is_set():
            raise _Over  # a pause, or a login of the person's that is there by now
        self._backoff.attempt()

    async def _wished(self, limit_s: float) -> None:
        """Wait for a wish, at most so long. Not wait_for: before Python 3.12 it may forget a cancel."""
        with suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._retry.wait()

    async def _serve(self, link: Link) -> ConnectionProblem | None:
        """Pull until the connection is lost or a pause is wished."""
        changes: dict[str, Any] = {"notices": link.notices, "clock_offset_s": link.clock_offset_s}
        self._telling.note(adopted=self._connection.adopted, **changes)
        self._telling.become(Connected())
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

        mark = cancels()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(lost(), name=f"lost {self.config.name}")
                group.create_task(paused(), name=f"paused {self.config.name}")
                group.create_task(self._sources.serve(link), name=f"sources {self.config.name}")
                follow = keep(f"follower of {self.config.name}", lambda: self._sources.follow(link))
                group.create_task(follow, name=f"follower of {self.config.name}")
                tunnels = self._tunnels.run(self._connection.forwarding(), link.round_trip_s)
                group.create_task(tunnels, name=f"tunnels {self.config.name}")
                group.create_task(self._asks.serve(link), name=f"asks {self.config.name}")
                if self._pull_at_once:
                    self.request_pull()
                await asyncio.Event().wait()
        except* _Over:
            pass
        except* ConnectionProblem as lost_meanwhile:
            problem = problem or first_of(lost_meanwhile)
        heed_cancel(mark)
        return problem

    def _unreachable(self, cause: Trouble) -> None:
        self._sources.unreachable(cause)
        self._tunnels.unreachable(cause)

    async def _wait(self, problem: ConnectionProblem) -> None:
        # What ssh calls it is not always what the person does.
        login = f"`expsyncd login {self.config.ssh}`"
        trouble = Trouble(
            problem.title, problem.advice.replace(login, f"`expsyncd login {self.config.name}`")
        )
        diagnosis = problem.diagnosis
        if diagnosis.needs_login:
            if not isinstance(self._telling.state.status, NeedsLogin):
                self._notify(self.config.name, trouble)
            self._telling.become(NeedsLogin(trouble), trouble)
        elif not diagnosis.retry:
            self._telling.become(HostFailed(trouble), trouble)
        else:
            delay_s = self._backoff.next_delay_s(watched=self._watched())
            self._telling.become(Waiting(trouble, self._clock.now() + timedelta(seconds=delay_s)), trouble)
            await self._wished(delay_s)
            return
        # Neither a login nor a changed key is found by trying.
        await either(self._retry.wait(), self._connection.something_new())


class _Over(Exception):  # noqa: N818 - ends the group that serves a connection; no failure
    """The connection is over."""
