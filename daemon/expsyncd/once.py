"""One pull without a daemon: the same hosts, plans and passes, in this process, then everything ends."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from expsyncd import __version__
from expsyncd.clock import SystemClock
from expsyncd.config.load import load
from expsyncd.errors import Error, first_of
from expsyncd.ground import GroundWatch
from expsyncd.premises import premises
from expsyncd.pull.rsync import environment as rsync_environment
from expsyncd.pull.source import Tools
from expsyncd.roster import Roster
from expsyncd.schedule import Schedule
from expsyncd.state.lock import only_one
from expsyncd.state.status import ConfigState, RootState, Snapshot
from expsyncd.state.tracker import Tracker
from expsyncd.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from expsyncd.config.model import Config
    from expsyncd.paths import Paths

Event = dict[str, Any]


def pull_here(
    paths: Paths, host: str | None, source: str | None, *, dry_run: bool = False
) -> Iterator[Event]:
    """The events of `expsyncd pull` (plan, progress, outcome), pulling in this process under the lock.

    Raises LockedError when a daemon or another pull runs, Error for unknown names.
    """
    config = load(paths.config_file)
    if host is not None and host not in config.hosts:
        known = ", ".join(config.hosts) or "none yet"
        raise Error(f"no host {host} in hosts.yaml", f"the hosts there: {known}")
    paths.make_private()
    request = {"host": host, "source": source, "dry_run": dry_run}
    with only_one(paths.lock_file, "expsyncd pull"), asyncio.Runner() as runner:
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        task = runner.get_loop().create_task(_pull(paths, config, request, events), name="pull")
        try:
            while (event := runner.run(events.get())) is not None:
                yield event
            runner.run(_result(task))
        finally:
            task.cancel()
            runner.run(_end(task))


async def _result(task: asyncio.Task[None]) -> None:
    await task


async def _end(task: asyncio.Task[None]) -> None:
    await asyncio.wait([task])


async def _pull(paths: Paths, config: Config, request: Event, events: asyncio.Queue[Event | None]) -> None:
    try:
        await _pull_with_hosts(paths, config, request, events)
    except* Error as group:
        raise first_of(group) from None
    finally:
        events.put_nowait(None)


async def _pull_with_hosts(
    paths: Paths, config: Config, request: Event, events: asyncio.Queue[Event | None]
) -> None:
    clock = SystemClock()
    # A pull asks for files only.
    hosts = {
        name: host.model_copy(update={"slurm": None, "gpus": None}) for name, host in config.hosts.items()
    }
    chosen = config.model_copy(
        update={"hosts": {n: h for n, h in hosts.items() if request["host"] in (None, n)}}
    )
    async with premises(paths, config, clock) as found:
        tracker = _tracker(paths, str(found.root.paths.path), clock)
        ground = GroundWatch(
            found.root, config.min_free, tracker, found.facts, found.thread, clock, lambda: None
        )

        async def nothing(_: Sequence[Path]) -> None:
            return

        tools = Tools(
            ground=found.root,
            facts=found.facts,
            thread=found.thread,
            versions=config.versions,
            environment=rsync_environment(dict(os.environ)),
            room=ground.room,
            replacing=nothing,
            replaced=lambda _: None,
        )

        async def not_here(*_: Any) -> Event:
            return {}

        verbs = Verbs(
            tracker,
            lambda: roster.hosts,
            stop=lambda: None,
            reload=lambda: None,
            remember_paused=not_here,
            mark=not_here,
            link=not_here,
        )
        roster = Roster(
            paths,
            tools,
            tracker,
            Schedule(clock, lambda: None),
            verbs,
            clock,
            dict(os.environ),
            audit_since=found.audit_since,
            pull_at_once=False,
        )
        refused: Error | None = None
        async with asyncio.TaskGroup() as group:
            await roster.start(group, chosen)
            try:
                async for event in verbs.pull(request):
                    events.put_nowait(event)
            except Error as error:
                # Told once all is in order: a wish for a source that there is not is no unclean stop.
                refused = error
            finally:
                for task in roster.tasks:
                    task.cancel()
    if refused is not None:
        raise refused


def _tracker(paths: Paths, root: str, clock: SystemClock) -> Tracker:
    now = clock.now()
    config = ConfigState(str(paths.config_file), now)
    return Tracker(Snapshot(__version__, os.getpid(), now, config, RootState(root)))
