"""Keeps TensorBoard running: starts it, looks after its health, starts it again, and says how it is."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from expsyncd.clock import Clock, SystemClock
from expsyncd.errors import Error
from expsyncd.process import Child
from expsyncd.state.status import TensorBoardState, Trouble
from expsyncd.tensorboard import command, health, ports, record, secret
from expsyncd.tensorboard.loader import complains, fast_loader_missing
from expsyncd.tensorboard.output import Output
from expsyncd.tensorboard.restarts import FIRST_S, HOPELESS_RETRY_S, Restarts
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from expsyncd.config.model import TensorBoardConfig
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)

SICK_IN_A_ROW = 2  # one missed answer may be a loaded laptop


@dataclass(frozen=True)
class Timing:
    """Seconds; tests hand in shorter ones."""

    start_deadline_s: float = 60.0  # a cold disk and a big import
    start_look_s: float = 0.1
    look_s: float = 2.0
    again_s: float = 0.5  # after a first failure
    answer_s: float = 5.0
    stop_grace_s: float = 3.0  # it ends within 0.1 s of TERM, unless it hangs
    first_pause_s: float = FIRST_S
    hopeless_retry_s: float = HOPELESS_RETRY_S


@dataclass(frozen=True)
class _Ended:
    """How one life of TensorBoard ended: `trouble` is None when we ended it on a wish."""

    trouble: Trouble | None
    healthy_s: float | None = None
    at_once: bool = False


class Keeper:
    """The one TensorBoard over `logdir`; `record`, `log` and `secret_file` are ours."""

    def __init__(
        self,
        config: TensorBoardConfig,
        logdir: Path,
        record: Path,
        log: Path,
        secret_file: Path,
        tracker: Tracker,
        wanted_ports: Callable[[], AbstractSet[int]],
        *,
        clock: Clock | None = None,
        timing: Timing | None = None,
        slow_because: Callable[[], str | None] = fast_loader_missing,
    ) -> None:
        self._config = config
        self._logdir = logdir
        self._record = record
        self._output = Output(log)
        self._secret = secret_file
        self._prefix = ""
        self._tracker = tracker
        self._wanted_ports = wanted_ports
        self._clock = clock or SystemClock()
        self._timing = timing or Timing()
        self._slow_because = slow_because()
        self._restarts = Restarts(
            first_s=self._timing.first_pause_s, hopeless_retry_s=self._timing.hopeless_retry_s
        )
        self._stir = asyncio.Event()
        self._wished = False
        self._last_port: int | None = None
        self._port_before: int | None = None
        self._state = TensorBoardState()

    def put_runs(self, count: int, hidden: int = 0, folded: int = 0) -> None:
        """How many runs the view shows, how many the person hid, how many the rule leaves out."""
        self._put(runs=count, hidden=hidden, folded=folded)

    def restart(self, reason: str) -> None:
        """Wish for a fresh TensorBoard on the same port."""
        logger.info("TensorBoard is restarted: %s", reason)
        self._wish()

    def apply(self, config: TensorBoardConfig) -> None:
        """Take over a new config; TensorBoard is restarted only if its command line changes."""
        before, self._config = self._config, config
        if config.port != before.port:
            self._last_port = self._port_before = None
        if config != before.model_copy(update={"memory_limit": config.memory_limit, "show": config.show}):
            self._wish()

    async def run(self) -> None:
        """Keep it until cancelled; then it is ended."""
        await self._reclaim()
        while True:
            self._wished = False
            self._stir.clear()
            if not self._config.enabled:
                self._put(status="off", url=None, pid=None, error=None, notices=())
                await self._stir.wait()
                continue
            ended = await self._life()
            if not self._wished:
                self._stir.clear()  # it told of the end, which is known now
            self._put(status="restarting", pid=None, error=ended.trouble)
            if ended.trouble is None:
                self._restarts.forget()
            elif not ended.at_once:
                await self._rest(ended, ended.trouble)

    async def _rest(self, ended: _Ended, trouble: Trouble) -> None:
        """The pause before the next start; a wish ends it."""
        pause = self._restarts.ended(self._clock.monotonic(), ended.healthy_s)
        if pause.hopeless:
            trouble = Trouble(
                f"TensorBoard does not start: {self._output.last_line() or trouble.title}",
                f"read {self._output.file} and check `tensorboard:` in your config; "
                f"it is tried again every {self._timing.hopeless_retry_s:g} s",
            )
            self._put(status="failed", error=trouble)
        logger.warning("%s; next start in %g s", trouble.title, pause.seconds)
        if await self._pause(pause.seconds):
            self._restarts.forget()

    async def _reclaim(self) -> None:
        found = record.read(self._record)
        if found is None:
            return
        if found.configured_port == self._config.port:
            self._port_before = found.port
        if await record.end(found, self._logdir, grace_s=self._timing.stop_grace_s):
            logger.warning("ended the TensorBoard (process %d) that a killed daemon left behind", found.pid)

    async def _life(self) -> _Ended:
        """One TensorBoard from start to end."""
        config, slow = self._config, self._slow_because
        try:
            choice = await asyncio.to_thread(
                ports.choose,
                config.port,
                last=self._last_port,
                before=self._port_before,
                wanted=self._wanted_ports(),
            )
            self._prefix = await asyncio.to_thread(secret.prefix, self._secret) if config.private else ""
            notices = tuple(notice for notice in (choice.notice, slow) if notice)
            if new := [notice for notice in notices if notice not in self._state.notices]:
                logger.warning("%s", "; ".join(new))
            self._put(
                status="restarting" if self._last_port else "starting",
                url=command.url(choice.port, self._prefix),
                notices=notices,
            )
            argv = command.argv(config, logdir=self._logdir, port=choice.port, fast=slow is None)
            with self._output.opened() as descriptor:
                child = await Child.start(
                    argv,
                    stdout=descriptor,
                    stderr=descriptor,
                    environment=command.environment(os.environ, self._prefix),
                    grace_s=self._timing.stop_grace_s,
                )
        except Error as error:
            return _Ended(Trouble(error.title, error.advice))
        except OSError as error:
            return _Ended(Trouble(f"TensorBoard cannot be started: {error.strerror}: {error.filename}"))
        async with child:
            self._note(child.pid, choice.port)
            async with asyncio.TaskGroup() as group:
                exit_task = group.create_task(self._tell_exit(child), name="tensorboard exit")
                ended = await self._watch(child, choice.port)
                exit_task.cancel()
        if slow is None and ended.healthy_s is None and (why := complains(self._output.text())):
            # It is installed and does not run here (another libc, noexec): better slow than not at all.
            self._slow_because = why
            return replace(ended, at_once=True)
        return ended

    async def _watch(self, child: Child, port: int) -> _Ended:
        """Look after it until it has to end or has ended."""
        timing = self._timing
        started, healthy_at, sick_in_a_row = self._clock.monotonic(), None, 0
        while True:
            ailment = await health.ailment(port, prefix=self._prefix, timeout_s=timing.answer_s)
            now = self._clock.monotonic()
            healthy_s = None if healthy_at is None else now - healthy_at
            if self._wished:
                return _Ended(None)
            if child.code is not None:
                return _Ended(_exit_trouble(child.code, self._output), healthy_s)
            if ailment is None:
                sick_in_a_row, look_s = 0, timing.look_s
                if healthy_at is None:
                    healthy_at = now
                    self._last_port = port
                    self._put(status="serving", pid=child.pid, error=None)
                    logger.info("TensorBoard is at %s", command.url(port))  # without its secret
            elif healthy_at is not None:
                sick_in_a_row, look_s = sick_in_a_row + 1, timing.again_s
            else:
                look_s = timing.start_look_s
            over = self._over_memory(child.pid)
            if (
                over
                or sick_in_a_row >= SICK_IN_A_ROW
                or (healthy_at is None and now - started > timing.start_deadline_s)
            ):
                child.kill_group()  # one that hangs does not hear TERM
                return _Ended(Trouble(f"TensorBoard {over or ailment}", "it is started again"), healthy_s)
            self._output.bound()
            await self._pause(look_s)

    def _over_memory(self, pid: int) -> str | None:
        resident = health.tree_rss_bytes(pid)
        if resident is None or resident <= self._config.memory_limit:
            return None
        return f"took {human_bytes(resident)}, more than its memory_limit"

    async def _tell_exit(self, child: Child) -> None:
        await child.wait()
        self._stir.set()

    async def _pause(self, seconds: float) -> bool:
        """Wait; whether a wish or the end of TensorBoard came first."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stir.wait()
        return self._stir.is_set()

    def _wish(self) -> None:
        self._wished = True
        self._stir.set()

    def _note(self, pid: int, port: int) -> None:
        try:
            record.write(self._record, record.Record.of(pid, port, self._config.port))
        except OSError as error:
            # Only an orphan of a later kill would be missed.
            logger.warning("cannot write %s: %s", self._record, error.strerror)

    def _put(self, **changes: object) -> None:
        self._state = replace(self._state, **changes)  # type: ignore[arg-type] # the names are the fields'
        self._tracker.put_tensorboard(self._state)


def _exit_trouble(code: int, output: Output) -> Trouble:
    how = f"was ended by signal {-code}" if code < 0 else f"ended by itself with {code}"
    return Trouble(f"TensorBoard {how}", f"it is started again; it said: {output.last_line() or 'nothing'}")
