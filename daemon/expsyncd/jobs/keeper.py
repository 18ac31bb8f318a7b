"""Asks a host's Slurm, at most once an interval however many jobs there are, and passes on what it tells."""

from __future__ import annotations

import asyncio
import secrets
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error
from expsyncd.inquiry import Commands, Inquiry, Told, first_word
from expsyncd.jobs.accounts import accounts
from expsyncd.jobs.ledger import weigh, wished
from expsyncd.jobs.question import (
    FIRST_LOOK_MINUTES,
    LONGEST_LOOK_MINUTES,
    OVERLAP_MINUTES,
    Answer,
    Part,
    read,
    script,
)
from expsyncd.jobs.queue import UnreadableError, queue
from expsyncd.jobs.rows import Asker
from expsyncd.jobs.summary import summary
from expsyncd.state.asked import JobsState
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expsyncd.clock import Clock
    from expsyncd.config.model import SlurmConfig
    from expsyncd.jobs.job import Job
    from expsyncd.jobs.ledger import Ledger
    from expsyncd.jobs.output import Folder
    from expsyncd.state.thread import DatabaseThread

IDLE = timedelta(minutes=5)  # while nothing is queued
# squeue waits nine seconds for a controller that is gone; where the host allows one session at a time,
# nothing is pulled meanwhile.
PROGRAM_S, ALONE_S = 15, 6
ANSWER_S = 60.0
ANSWER_LIMIT = 16 << 20
TIMED_OUT = 124  # as timeout(1) says it

NO_COMMANDS = Trouble(
    "Slurm cannot be asked: this login runs no commands", "`slurm: false`, or a login with a shell"
)
MISSING = Trouble(
    "there is no Slurm: squeue is not on the PATH of a login without a terminal",
    "`slurm: false` in hosts.yaml, or put Slurm's programs on the PATH in ~/.bashrc there",
)


class Sources(Protocol):
    """The sources of the host, as far as job output is concerned."""

    def paths(self) -> Mapping[str, str]:
        """The path of each source that is not made of job output, as configured."""
        ...

    def folders(self, physical: Mapping[str, str]) -> Sequence[Folder]:
        """All sources by their physical paths, those of job output among them."""
        ...

    def request_files(self, wished: Mapping[str, tuple[str, ...]]) -> None:
        """Wish that just these files of these folders are pulled."""
        ...

    def turn(self) -> AbstractAsyncContextManager[object]:
        """Wait for the turn of a command, where the host allows one session at a time."""
        ...


@dataclass(frozen=True)
class Means:
    """What the keepers of all hosts share."""

    ledger: Ledger
    thread: DatabaseThread
    clock: Clock
    redact: Callable[[str], str]


class SlurmKeeper:
    """`run` for the time of one connection; `apply` takes another config, None to ask no more."""

    def __init__(
        self,
        host: str,
        config: SlurmConfig | None,
        commands: Commands,
        sources: Sources,
        means: Means,
        put: Callable[[JobsState | None], None],
    ) -> None:
        self._host = host
        self._config = config
        self._commands = commands
        self._sources = sources
        self._means = means
        self._put = put
        self._state: JobsState | None = None
        self._inquiry = Inquiry(f"{host}, Slurm", means.clock, self._ask, self._pause)
        self._queued = True
        self._json = True
        self._alone, self._commanded = False, True
        self._accounts_at: datetime | None = None
        self._remembered_at: datetime | None = None  # when a daemon before this one asked last
        self._physical: dict[str, str] = {}
        self._asked_paths: Mapping[str, str] = {}

    def apply(self, config: SlurmConfig | None) -> None:
        """Ask as this config says."""
        self._config = config
        self._show(None if config is None else self._refused())
        self._inquiry.look()

    async def run(self, *, commands: bool, alone: bool) -> None:
        """Ask until cancelled. `commands`: whether the login runs any; `alone`: one session at a time."""
        self._alone, self._commanded = alone, commands
        self._physical, self._asked_paths = {}, {}
        if self._inquiry.asked_at is None:
            await self._remember()
        if self._config is not None:
            self._show(self._refused())
        await self._inquiry.run()

    def _refused(self) -> JobsState:
        """The state, with the reason where nothing can be asked."""
        state = self._state or JobsState()
        return state if self._commanded else replace(state, error=NO_COMMANDS)

    async def _remember(self) -> None:
        """What a daemon before this one knew: the pause is kept, and what jobs write goes on being pulled."""
        means, now = self._means, self._means.clock.now()
        at = await means.thread.run(means.ledger.asked_at, self._host)
        if at is None:
            return
        self._inquiry.asked_at = self._remembered_at = datetime.fromtimestamp(at, UTC)
        rows, _ = await means.thread.run(means.ledger.known, self._host)
        self._state = replace(summary(rows, now), as_of=self._inquiry.asked_at)
        ours = [row for row in rows if row.log_source and row.log_source not in self._sources.paths()]
        if self._config is not None:
            self._sources.request_files(wished(ours, (), now))

    def _pause(self) -> timedelta | None:
        if self._config is None or not self._commanded:
            return None
        return self._config.interval if self._queued else max(self._config.interval, IDLE)

    async def _ask(self) -> Told:
        means, config = self._means, self._config
        assert config is not None
        now = means.clock.now()
        await means.thread.run(means.ledger.note_asked, self._host, now)
        nonce, paths = secrets.token_hex(8), dict(self._sources.paths())
        text = script(
            nonce,
            config.user,
            self._minutes(now),
            seconds=ALONE_S if self._alone else PROGRAM_S,
            json=self._json,
            places=paths if paths != self._asked_paths else {},
        )
        try:
            async with self._sources.turn() if self._alone else nullcontext():
                done = await self._commands.command(
                    "exec sh", data=text, timeout_s=ANSWER_S, limit=ANSWER_LIMIT
                )
        except Error:
            return Told()  # that the connection is gone is told by whoever owns it
        answer = read(nonce, done.text)
        if answer is None:
            return self._failed(Trouble(f"Slurm could not be asked: {first_word(done.complaint)}"))
        if done.cut:
            self._json = False
        self._asked_paths = paths
        self._physical |= dict(answer.places)
        return await self._take(answer)

    def _minutes(self, now: datetime) -> int:
        heard_at = self._accounts_at or self._remembered_at
        past = 0 if heard_at is None else int((now - heard_at).total_seconds() // 60) + OVERLAP_MINUTES
        least = FIRST_LOOK_MINUTES if self._accounts_at is None else 0
        return min(LONGEST_LOOK_MINUTES, max(least, past))

    async def _take(self, answer: Answer) -> Told:
        if answer.missing:
            return self._failed(MISSING, hopeless=True)
        means, now = self._means, self._means.clock.now()
        queued, failed = await asyncio.to_thread(self._read, "squeue", answer.queue, queue)
        ended, unsaid = await asyncio.to_thread(self._read, "sacct", answer.accounts, accounts)
        if ended is not None:
            self._accounts_at = now
        if queued is None and ended is None:
            return self._failed(failed or Trouble("squeue printed nothing"))
        asker = Asker(self._host, answer.uid, answer.user, means.redact)
        folders = self._sources.folders(self._physical)
        known = await means.thread.run(means.ledger.known, self._host)
        weighed = await asyncio.to_thread(weigh, asker, known, queued, ended, folders, now)
        await means.thread.run(means.ledger.keep, self._host, weighed)
        self._queued = weighed.queued
        self._sources.request_files(weighed.wished)
        await means.thread.run(means.ledger.note_logs, self._host, self._sources.folders(self._physical))
        trouble = failed or unsaid
        self._show(replace(weighed.state, error=trouble))
        return Told(trouble, failed=failed is not None)

    def _read(
        self, program: str, part: Part | None, parse: Callable[[str, str], list[Job]]
    ) -> tuple[list[Job] | None, Trouble | None]:
        """The jobs that a program told of, or why there are none."""
        if part is None:
            return None, None
        if part.code == 0:
            try:
                return parse(part.form, part.output), None
            except UnreadableError as error:
                self._json = False
                return None, Trouble(f"{program}: {error}", "nothing: the next time it is asked for text")
        if part.form == "json":
            self._json = False  # a plugin is missing, or it is too much: text does
        said = part.complaint.splitlines()[0][:200] if part.complaint else ""
        if program == "sacct" and "disabled" in said:
            return None, None  # no accounting here: squeue tells what there is
        if part.code in (None, TIMED_OUT):
            said = "no answer in time"
        return None, Trouble(
            f"{program}: {said or f'exit {part.code}'}",
            "nothing: it is asked again, less often while it fails",
        )

    def _failed(self, trouble: Trouble, *, hopeless: bool = False) -> Told:
        self._show(replace(self._state or JobsState(), error=trouble))
        return Told(trouble, failed=True, hopeless=hopeless)

    def _show(self, state: JobsState | None) -> None:
        self._state = state
        self._put(state)
