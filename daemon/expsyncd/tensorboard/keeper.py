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
from expsyncd.state.status import Trouble
from expsyncd.state.tensorboard import DamagedFile, TensorBoardState
from expsyncd.tensorboard import command, health, ports, record, secret
from expsyncd.tensorboard.deaths import TOPICS, Death, deaths, notices
from expsyncd.tensorboard.loader import complains, fast_loader_missing
from expsyncd.tensorboard.output import Output
from expsyncd.tensorboard.patience import Patience, Timing
from expsyncd.tensorboard.restarts import Restarts
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet
    from pathlib import Path

    from expsyncd.config.model import TensorBoardConfig
    from expsyncd.state.tensorboard import DamagedFile
    from expsyncd.state.tracker import Tracker

logger = logging.getLogger(__name__)

_OVER_ADVICE = "raise `tensorboard: memory_limit:`, or show fewer runs by `tensorboard: show:`"
TOO_BIG_S = 1800.0  # one that is over its memory that soon needs that much for what it shows


def _nothing(*_: object) -> None:
    return


@dataclass(frozen=True)
class Calls:
    """Whom the keeper tells: a TensorBoard `starts`, it `gave_up` files, what it shows is `too_big`."""

    starts: Callable[[], None] = _nothing
    gave_up: Callable[[list[Death]], None] = _nothing
    too_big: Callable[[], None] = _nothing


@dataclass(frozen=True)
class _Ended:
    """How one life of TensorBoard ended: `trouble` is None when we ended it on a wish."""

    trouble: Trouble | None
    healthy_s: float | None = None
    at_once: bool = False
    advice: str = ""


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
        restarts: Restarts | None = None,
        calls: Calls | None = None,
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
        self._restarts = restarts or Restarts()
        self._calls = calls or Calls()
        self._notices: dict[str, str | None] = {}
        self._stir = asyncio.Event()
        self._wished = False
        self._last_port: int | None = None
        self._port_before: int | None = None
        self._state = TensorBoardState()

    def put_runs(self, count: int, hidden: int = 0, folded: int = 0) -> None:
        """How many runs the view shows, how many the person hid, how many the rule leaves out."""
        self._put(runs=count, hidden=hidden, folded=folded)

    def put_damaged(self, damaged: tuple[DamagedFile, ...]) -> None:
        """Which files it stopped reading."""
        self._put(damaged=damaged)

    def put_notice(self, topic: str, notice: str | None) -> None:
        """What a person should know of it, in place of the last notice on that topic."""
        if notice and notice != self._notices.get(topic):
            logger.warning("%s", notice)
        self._notices[topic] = notice
        self._put(notices=tuple(filter(None, self._notices.values())))

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
                self._notices.clear()
                self._put(status="off", url=None, pid=None, error=None, notices=(), damaged=())
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
                f"TensorBoard does not start: {self._output.last_line() or trouble.title}"
                if ended.healthy_s is None
                else f"TensorBoard keeps ending: {trouble.title}",
                f"{ended.advice or f'read {self._output.file} and check `tensorboard:` in your config'}; "
                f"it is tried again every {pause.seconds:g} s",
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
            self.put_notice("port", choice.notice)
            self.put_notice("loader", slow)
            for topic in TOPICS:
                self.put_notice(topic, None)
            self._put(
                status="restarting" if self._last_port else "starting",
                url=command.url(choice.port, self._prefix),
            )
            self._calls.starts()
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
        patience = Patience(timing, self._clock.monotonic())
        while True:
            ailment = await health.ailment(port, prefix=self._prefix, timeout_s=timing.answer_s)
            now = self._clock.monotonic()
            if self._wished:
                return _Ended(None)
            if child.code is not None:
                return _Ended(_exit_trouble(child.code, self._output), patience.healthy_s(now))
            if ailment is None and patience.healthy_at is None:
                self._last_port = port
                self._put(status="serving", pid=child.pid, error=None)
                logger.info("TensorBoard is at %s", command.url(port))  # without its secret
            signs = health.signs(child.pid) if ailment and ailment.silent else None
            look_s = patience.judge(now, ailment, signs)
            over = self._over_memory(child.pid)
            if over or look_s is None:
                child.kill_group()  # one that hangs does not hear TERM
                healthy_s = patience.healthy_s(now)
                if over and (healthy_s is None or healthy_s < TOO_BIG_S):
                    self._calls.too_big()
                trouble = Trouble(f"TensorBoard {over or (ailment and ailment.words)}", "it is started again")
                return _Ended(trouble, healthy_s, advice=_OVER_ADVICE if over else "")
            news = self._output.news()
            if given_up := deaths(news):
                self._calls.gave_up(given_up)
            for topic, notice in notices(news).items():
                self.put_notice(topic, notice)
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
