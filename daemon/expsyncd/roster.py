"""Roster: the hosts that run now, started, stopped and scheduled as the config says."""

from __future__ import annotations

import asyncio
import functools
import random
import shlex
from typing import TYPE_CHECKING

from expsyncd import supervise
from expsyncd.host import Host
from expsyncd.jobs.keeper import Means
from expsyncd.jobs.ledger import Ledger
from expsyncd.output_sources import OUTPUTS
from expsyncd.redact import redact
from expsyncd.ssh.connection import Connection
from expsyncd.ssh.retry import MANY, Backoff, crowd_s, spread
from expsyncd.ways import Ways, open_ways

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.config.diff import Difference
    from expsyncd.config.model import Config, HostConfig
    from expsyncd.paths import Paths
    from expsyncd.pull.source import Tools
    from expsyncd.schedule import Schedule
    from expsyncd.state.facts import Facts
    from expsyncd.state.measured import MeasuredRow
    from expsyncd.state.status import Trouble
    from expsyncd.state.tracker import Tracker
    from expsyncd.verbs import Verbs

STOP_WITHIN_S = 10.0
AUDIT = "audit"


class Roster:
    """`start` and `apply` need the daemon's task group; everything else is a wish."""

    def __init__(
        self,
        paths: Paths,
        tools: Tools,
        tracker: Tracker,
        schedule: Schedule,
        verbs: Verbs,
        clock: Clock,
        environment: dict[str, str],
        *,
        audit_since: datetime | None,
        pull_at_once: bool = True,
        notify: Callable[[str, Trouble], None] = lambda _host, _trouble: None,
        runs: Callable[[], Sequence[MeasuredRow]] = tuple,
    ) -> None:
        """`runs`: what the catalogue knows of runs, in the database thread; jobs are tied to them."""
        self._paths = paths
        self._tools = tools
        self._tracker = tracker
        self._schedule = schedule
        self._verbs = verbs
        self._clock = clock
        self._environment = environment
        self._ssh_options = shlex.split(environment.get("EXPSYNCD_SSH", ""))
        self._notify = notify
        self._ways: Ways | None = None
        self._audit_since = audit_since
        self._pull_at_once = pull_at_once
        self._asking = Means(Ledger(tools.facts.jobs, runs), tools.thread, clock, redact)
        self._running: dict[str, tuple[Host, asyncio.Task[None]]] = {}
        # By name and alias, for longer than a Host lives: each save of hosts.yaml may start it anew.
        self._backoffs: dict[tuple[str, str], Backoff] = {}

    @property
    def hosts(self) -> dict[str, Host]:
        """Those that run, by name."""
        return {name: host for name, (host, _) in self._running.items()}

    @property
    def tasks(self) -> list[asyncio.Task[None]]:
        """Their tasks, for the stop."""
        return [task for _, task in self._running.values()] + ([self._ways.task] if self._ways else [])

    async def start(self, group: asyncio.TaskGroup, config: Config) -> None:
        """Start every host of the config that does not run, and arm the schedule."""
        if self._ways is None:
            self._ways = await open_ways(
                group,
                self._tools,
                self._clock,
                socket_dir=self._paths.masters_dir,
                ssh_options=self._ssh_options,
                environment=self._environment,
            )
        for host in config.hosts.values():
            if host.name not in self._running:
                await self._start_host(group, config, host)
        self._arm_schedule(config)

    async def apply(self, group: asyncio.TaskGroup, config: Config, change: Difference) -> None:
        """Stop what left or changed, start what is new; all others keep their connection and pulls."""
        for name in (*change.removed, *change.changed):
            await self._stop_host(name)
        for name in change.removed:  # one that changed is seen as it was until it starts anew
            self._tracker.drop_host(name)
        for name in change.asked:
            self.hosts[name].apply_asks(config.hosts[name])
        await self.start(group, config)
        if self._ways is not None:
            hops = [host.hops for host in self.hosts.values()]
            await self._ways.gateways.keep_only(set().union(*hops))

    async def _start_host(self, group: asyncio.TaskGroup, whole: Config, config: HostConfig) -> None:
        thread, facts = self._tools.thread, self._tools.facts
        assert self._ways is not None
        connection = Connection(
            config.ssh,
            socket_dir=self._paths.masters_dir,
            ssh_options=self._ssh_options,
            clock=self._clock,
            vain=self._ways.vain,
            gateways=self._ways.gateways,
            transport=config.transport,
            crowded=lambda: len(self._running) > MANY,
        )
        host = Host(
            config,
            whole,
            connection,
            self._backoff(config),
            self._tools,
            self._tracker,
            self._clock,
            self._verbs.observe,
            watched=lambda: self._verbs.watched,
            asking=self._asking,
            last_success=await thread.run(_last_success, facts, config),
            paused=config.name in await thread.run(facts.paused),
            audit_since=self._audit_since,
            pull_at_once=self._pull_at_once,
            notify=self._notify,
            start_after_s=spread(config.name, crowd_s(len(whole.hosts))),
        )
        task = group.create_task(supervise.keep(config.name, host.run), name=f"host {config.name}")
        self._running[config.name] = (host, task)

    def _backoff(self, config: HostConfig) -> Backoff:
        key = (config.name, config.ssh)
        if key in self._backoffs:
            self._backoffs[key].reset()
        else:
            chance = random.Random()  # noqa: S311 - jitter, no secret
            self._backoffs[key] = Backoff(chance, self._clock, lambda: len(self._running))
        return self._backoffs[key]

    async def _stop_host(self, name: str) -> None:
        _, task = self._running.pop(name)
        task.cancel()
        await asyncio.wait([task], timeout=STOP_WITHIN_S)

    def _arm_schedule(self, config: Config) -> None:
        """One job a configured source; jobs of what is gone are disarmed by their key."""
        keys = {AUDIT}
        for host_name, host in self.hosts.items():
            for source in host.configured.values():
                key = f"pull {host_name}/{source.name}"
                keys.add(key)
                wish = self._wish_of(host, source.name)
                self._schedule.arm(key, config.interval_of(host.config, source), wish, spread_by=host_name)
                host.plan_next(source.name, functools.partial(self._schedule.next_at, key))
            if host.config.slurm is not None:
                key = f"pull {host_name}/{OUTPUTS}"
                keys.add(key)
                every = host.config.interval or config.interval
                self._schedule.arm(key, every, self._wish_of(host, OUTPUTS), spread_by=host_name)
                host.plan_next(OUTPUTS, functools.partial(self._schedule.next_at, key))
        self._schedule.arm(AUDIT, config.audit, self._audit, spread_by=AUDIT)
        self._schedule.keep_only(keys)

    def _wish_of(self, host: Host, source: str) -> Callable[[], None]:
        def wish() -> None:
            host.request_by_clock(source)

        return wish

    def _audit(self) -> None:
        number = self._clock.now().toordinal()
        for host in self.hosts.values():
            host.request_audit(number)

    def wake(self) -> None:
        """After sleep or a clock step: look after every host as after a change of the network, and pull."""
        self._look_after(pull=True)

    def network_changed(self) -> None:
        """What waited tries again, what is connected proves that it is; many hosts one after the other."""
        self._look_after(pull=False)

    def _look_after(self, *, pull: bool) -> None:
        loop = asyncio.get_running_loop()
        period_s = crowd_s(len(self._running))
        for name, host in self.hosts.items():
            turn_s = spread(name, period_s)
            loop.call_later(turn_s, host.look_after)
            if pull:
                loop.call_later(turn_s, host.request_pull)

    def request_pull(self) -> None:
        """Pull everything."""
        for host in self.hosts.values():
            host.request_pull()


def _last_success(facts: Facts, config: HostConfig) -> dict[str, datetime]:
    found = {source.name: facts.last_success(config.name, source.name) for source in config.sources}
    return {name: moment for name, moment in found.items() if moment is not None}
