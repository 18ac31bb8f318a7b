"""Asks a host about its GPUs, once an interval, and passes on what nvidia-smi tells."""

from __future__ import annotations

import secrets
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.gpus.question import read, script
from expsyncd.gpus.reading import gpus, trouble
from expsyncd.inquiry import Commands, Inquiry, Told, first_word
from expsyncd.state.asked import GpusState
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import timedelta

    from expsyncd.clock import Clock
    from expsyncd.config.model import GpusConfig

# Without persistence mode the driver is loaded for each question, which takes seconds on many GPUs.
PROGRAM_S, ALONE_S = 20, 6
ANSWER_S = 45.0
ANSWER_LIMIT = 1 << 20

NO_COMMANDS = Trouble(
    "nvidia-smi cannot be asked: this login runs no commands", "`gpus: false` in hosts.yaml"
)


class GpuKeeper:
    """`run` for the time of one connection; `apply` takes another config, None to ask no more."""

    def __init__(
        self,
        host: str,
        config: GpusConfig | None,
        commands: Commands,
        turn: Callable[[], AbstractAsyncContextManager[object]],
        clock: Clock,
        watched: Callable[[], bool],
        put: Callable[[GpusState | None], None],
    ) -> None:
        """`turn`: waits for the turn of a command; `watched`: whether somebody looks now."""
        self._config = config
        self._commands = commands
        self._turn = turn
        self._clock = clock
        self._watched = watched
        self._put = put
        self._state: GpusState | None = None
        self._inquiry = Inquiry(f"{host}, GPUs", clock, self._ask, self._pause)
        self._alone, self._commanded = False, True

    def apply(self, config: GpusConfig | None) -> None:
        """Ask as this config says."""
        self._config = config
        self._show(None if config is None else self._refused())
        self._inquiry.look()

    async def run(self, *, commands: bool, alone: bool) -> None:
        """Ask until cancelled. `commands`: whether the login runs any; `alone`: one session at a time."""
        self._alone, self._commanded = alone, commands
        if self._config is not None:
            self._show(self._refused())
        await self._inquiry.run()

    def _refused(self) -> GpusState:
        """The state, with the reason where nothing can be asked."""
        state = self._state or GpusState()
        return state if self._commanded else replace(state, error=NO_COMMANDS)

    def _pause(self) -> timedelta | None:
        if self._config is None or not self._commanded:
            return None
        return self._config.interval / 2 if self._watched() else self._config.interval

    async def _ask(self) -> Told:
        nonce = secrets.token_hex(8)
        text = script(nonce, seconds=ALONE_S if self._alone else PROGRAM_S)
        try:
            async with self._turn() if self._alone else nullcontext():
                done = await self._commands.command(
                    "exec sh", data=text, timeout_s=ANSWER_S, limit=ANSWER_LIMIT
                )
        except Error:
            return Told()  # that the connection is gone is told by whoever owns it
        answer = read(nonce, done.text)
        if answer is None:
            wrong: Trouble | None = Trouble(
                f"the GPUs could not be asked about: {first_word(done.complaint)}"
            )
        else:
            wrong = trouble(answer)
        now = self._clock.now()
        if answer is None or wrong is not None:
            found = gpus(answer) if answer is not None and not answer.missing else ()
            kept = self._state or GpusState()
            self._show(
                replace(kept, gpus=found, as_of=now, error=wrong) if found else replace(kept, error=wrong)
            )
            return Told(wrong, failed=True, hopeless=answer is not None and answer.missing)
        self._show(GpusState(gpus(answer), now))
        return Told()

    def _show(self, state: GpusState | None) -> None:
        self._state = state
        self._put(state)
