"""Daemon: build the services from a Config, apply a new one, stop. Imports all packages."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from typing import TYPE_CHECKING

from expsyncd import __version__, supervise
from expsyncd.board import Board
from expsyncd.clock import Clock, SystemClock
from expsyncd.config.diff import difference
from expsyncd.config.load import ConfigError, load
from expsyncd.config.watch import watch as watch_config
from expsyncd.control.listener import Listener
from expsyncd.ground import GroundWatch
from expsyncd.mirror.layout import where
from expsyncd.network import Network
from expsyncd.notices import Notices
from expsyncd.pace import rest
from expsyncd.premises import Premises, premises
from expsyncd.pull.rsync import environment as rsync_environment
from expsyncd.pull.source import Tools
from expsyncd.roster import Roster
from expsyncd.schedule import Schedule
from expsyncd.state.line import line
from expsyncd.state.status import ConfigState, RootState, Snapshot, Trouble
from expsyncd.state.tracker import Tracker
from expsyncd.systemd import Notifier
from expsyncd.units import counted
from expsyncd.verbs import Verbs

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from expsyncd.config.model import Config
    from expsyncd.paths import Paths

logger = logging.getLogger(__name__)

STOP_WITHIN_S = 10.0


class Daemon:
    """One life from start to stop over one root; `run` returns when stopped."""

    def __init__(
        self, paths: Paths, config: Config, *, environment: dict[str, str], clock: Clock | None = None
    ) -> None:
        self.paths = paths
        self._config = config
        self._clock = clock or SystemClock()
        self._environment = environment
        self._stopping = asyncio.Event()
        self._reload = asyncio.Event()

    # --- start and stop -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Serve until stopped. Raises NeedsUserError when only the person can make it start."""
        async with premises(self.paths, self._config, self._clock) as found:
            self._build(found)
            self._listen_to_signals()
            await self._serve()

    def _build(self, found: Premises) -> None:
        clock, config = self._clock, self._config
        self._thread, self._facts, self._root = found.thread, found.facts, found.root
        now = clock.now()
        self.tracker = Tracker(
            Snapshot(
                __version__,
                os.getpid(),
                now,
                ConfigState(str(self.paths.config_file), now),
                RootState(str(self._root.paths.path)),
                notices=found.notices,
            )
        )
        self._board = Board(
            self.paths, self._root, config, self.tracker, self._thread, self._facts, clock, self._check_file
        )
        self._verbs = Verbs(
            self.tracker,
            lambda: self._roster.hosts,
            stop=self.request_stop,
            reload=self._reload.set,
            remember_paused=self._remember_paused,
            mark=self._board.mark,
            link=self._board.link,
        )
        self._ground = GroundWatch(
            self._root, config.min_free, self.tracker, self._facts, self._thread, clock, self._ground_is_back
        )
        self._tools = Tools(
            ground=self._root,
            facts=self._facts,
            thread=self._thread,
            versions=config.versions,
            environment=rsync_environment(self._environment),
            room=self._ground.room,
            replacing=self._board.shelf.hold,
            replaced=self._board.shelf.release,
        )
        self._notices = Notices(self._environment, clock)
        self._schedule = Schedule(clock, self._woken)
        self._roster = Roster(
            self.paths,
            self._tools,
            self.tracker,
            self._schedule,
            self._verbs,
            clock,
            self._environment,
            audit_since=found.audit_since,
            notify=self._notices.say,
            runs=self._board.measured,
        )
        self._notifier = Notifier(self._environment)

    async def _remember_paused(self, name: str, paused: bool) -> None:
        await self._thread.run(self._facts.pause if paused else self._facts.resume, name)

    def _check_file(self, file: Path) -> None:
        """A file of the mirror does not look sound: compare it with the host's."""
        place = where(self._root.paths, file)
        if place and (host := self._roster.hosts.get(place.host)):
            host.request_check(place.source, place.inside)

    def _woken(self) -> None:
        self._roster.wake()

    def _ground_is_back(self) -> None:
        logger.info("the root can be written again: pulling")
        self._board.shelf.request()
        self._roster.request_pull()

    def request_stop(self) -> None:
        """Stop soon; asking twice is fine."""
        self._stopping.set()

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.request_stop)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)

    async def _serve(self) -> None:
        services: dict[str, Callable[[], Awaitable[None]]] = {
            "schedule": self._schedule.run,
            "network": Network(self._roster.network_changed).run,
            "ground": self._ground.run,
            "config watch": lambda: watch_config(self.paths.config_file, self._reload.set),
            "service manager": self._notify,
            "notices": self._notices.run,
            **self._board.services(),
        }
        async with asyncio.TaskGroup() as group:
            self._group = group
            tasks = [
                group.create_task(supervise.keep(name, run), name=name) for name, run in services.items()
            ]
            await self._roster.start(group, self._config)
            # Whoever can ask sees every host from the first answer on, and another config finds them started.
            listen = Listener(self.paths.control_socket, self._verbs.table()).run
            for name, run in (("control", listen), ("config", self._apply_saved_configs)):
                tasks.append(group.create_task(supervise.keep(name, run), name=name))
            logger.info("expsyncd %s serves %s", __version__, counted(len(self._roster.hosts), "host"))
            await self._stopping.wait()
            self._notifier.stopping()
            logger.info("stopping")
            tasks += self._roster.tasks
            for task in tasks:
                task.cancel()
            _, late = await asyncio.wait(tasks, timeout=STOP_WITHIN_S)
            for task in late:
                logger.warning("%s did not stop in time", task.get_name())

    # --- config -------------------------------------------------------------------------------------

    async def _apply_saved_configs(self) -> None:
        if await asyncio.to_thread(self._was_saved):
            self._reload.set()
        while True:
            await self._reload.wait()
            self._reload.clear()
            self._notifier.reloading()
            try:
                new = await asyncio.to_thread(load, self.paths.config_file)
            except ConfigError as error:
                first = str(error.problems[0]) if error.problems else error.title
                more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
                trouble = Trouble(first + more, "mend the file; until then the last good one stays in force")
                logger.warning("hosts.yaml is not applied: %s", trouble.title)
                self._put_config(trouble)
            else:
                await self._apply(new)
            self._notifier.ready()

    def _was_saved(self) -> bool:
        """Whether the file was saved after it was read for the start and before it was watched."""
        try:
            return load(self.paths.config_file) != self._config
        except ConfigError:
            return True

    async def _apply(self, new: Config) -> None:
        old, change = self._config, difference(self._config, new)
        if change.root:
            trouble = Trouble(
                "`root:` was changed", "restart expsyncd to use the new place; the rest is in force"
            )
            new = new.model_copy(update={"root": old.root})
            change = difference(old, new)
        else:
            trouble = None
        self._config = new
        self._tools.versions = new.versions
        if new.min_free != old.min_free:
            self._ground.apply(new.min_free)
        await self._roster.apply(self._group, new, change)
        if change.tensorboard:
            self._board.apply(new)
        self._board.apply_journal(new)
        if change.runs:
            self._board.apply_runs(new)
        if change.samples:
            self._board.apply_samples(new)
        self._put_config(trouble)
        logger.info(
            "hosts.yaml applied: %d added, %d removed, %d changed, %d untouched",
            len(change.added), len(change.removed), len(change.changed), len(change.kept),
        )  # fmt: skip

    def _put_config(self, trouble: Trouble | None) -> None:
        before = self.tracker.snapshot.config
        loaded_at = self._clock.now() if trouble is None else before.loaded_at
        self.tracker.put_config(ConfigState(before.path, loaded_at, trouble))

    async def _notify(self) -> None:
        """Tell systemd that we are ready, what we do, and, while we do, that we are alive."""
        self._notifier.ready()
        while True:
            await self._thread.run(lambda: None)  # the writer answers, or this waits and the watchdog bites
            ticked_ago_s = self._clock.monotonic() - self._schedule.ticked_at
            self._notifier.alive(ticked_ago_s, line(self.tracker.snapshot))
            await rest(self._notifier.beat_every_s)
