"""How the files of a host come by sftp: conversations are opened as needed, lent, and let go when unused."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error
from expsyncd.pull.glob_steps import taken_apart
from expsyncd.pull.remote_tree import joined
from expsyncd.pull.sftp_carry import SftpCarrier
from expsyncd.pull.source import Conversation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Carrier
    from expsyncd.pull.glob_steps import Step
    from expsyncd.pull.remote_tree import Job, Wire
    from expsyncd.pull.source import Source, Tally, Tools

REST_S = 20.0  # an unused conversation costs the host a process, opening one 10 ms
GLOB_TIMEOUT_S = 30.0


class OwnConversation(Conversation, Protocol):
    """One that we opened."""

    @property
    def usable(self) -> bool:
        """Whether it can be used again."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


class SftpReach:
    """By sftp; two conversations at most, one for each lane. See Reach."""

    by_names = False  # what a carrier reads was listed before

    def __init__(
        self, open_one: Callable[[], Awaitable[OwnConversation]], heard: Callable[[], None], offset_s: float
    ) -> None:
        """`offset_s`: the host's clock minus ours, as far as it is known."""
        self._open_one = open_one
        self._heard = heard
        self._offset_s = offset_s
        self._resting: list[OwnConversation] = []
        self._returned = asyncio.Event()
        self._over = False

    def carrier(self, source: Source, tools: Tools, tally: Tally, pull_id: str, clock: Clock) -> Carrier:
        """For one pull of `source`."""
        return SftpCarrier(source, self._lend, tools, tally, pull_id, clock, offset_s=self._offset_s)

    async def folders(self, pattern: str) -> list[str]:
        """By listing the folders on the way."""
        steps = taken_apart(pattern)
        async with self._lend() as conversation:
            found = await conversation.run(
                lambda wire: _expanded(wire, steps.base, steps.rest),
                may_go_on=lambda: None,
                look=lambda: None,
                stalled=Error(f"the host does not list {pattern}"),
                progress_timeout_s=GLOB_TIMEOUT_S,
            )
        return sorted(path.decode("utf-8", "surrogateescape") for path in found)

    def heard(self) -> None:
        """The host answered just now."""
        self._heard()

    async def run(self) -> None:
        """Close what has rested for a while; at the end all."""
        try:
            while True:
                await self._returned.wait()
                self._returned.clear()
                try:
                    async with asyncio.timeout(REST_S):
                        await self._returned.wait()
                except TimeoutError:
                    await self._close()
        finally:
            self._over = True
            await self._close()

    @asynccontextmanager
    async def _lend(self) -> AsyncIterator[Conversation]:
        conversation = None
        while self._resting and conversation is None:
            conversation = self._resting.pop()
            if not conversation.usable:
                await conversation.close()
                conversation = None
        conversation = conversation or await self._open_one()
        try:
            yield conversation
        finally:
            if conversation.usable and not self._over:
                self._resting.append(conversation)
                self._returned.set()
            else:
                await conversation.close()

    async def _close(self) -> None:
        resting, self._resting = self._resting, []
        for conversation in resting:
            await conversation.close()


def _expanded(wire: Wire, base: bytes, steps: tuple[Step, ...]) -> list[bytes]:
    """The folders that `steps` lead to from `base`. Blocking."""
    places = [base]
    for number, step in enumerate(steps, start=1):
        found: list[bytes] = []
        last = number == len(steps)
        wire.run(iter([_matching(wire, place, step, found, last=last) for place in places]), len(places) or 1)
        places = found
    return places


def _matching(wire: Wire, place: bytes, step: Step, found: list[bytes], *, last: bool) -> Job:
    try:
        handle = yield wire.open_folder(place or b".")
        try:
            while entries := (yield wire.entries(handle)):
                for name, what in entries:
                    fits = name not in (b"", b".", b"..") and b"/" not in name and step.matches(name)
                    if fits and (what.is_folder or not (last or what.is_file)):
                        found.append(joined(place, name))
        finally:
            wire.shut(handle)
    except OSError:
        return  # gone, or not to be read: no match
