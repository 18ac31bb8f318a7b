"""Follower: keeps an agent on the host while the connection lasts, and says why where there is none."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error, first_of
from expsyncd.follow.bootstrap import bootstrap
from expsyncd.follow.conversation import Conversation, Silent
from expsyncd.follow.ending import why_ended
from expsyncd.follow.followed import Followed, Keeper
from expsyncd.follow.frames import Malformed
from expsyncd.follow.room import CROWDED, has_room

if TYPE_CHECKING:
    from expsyncd.clock import Clock
    from expsyncd.process import Child
    from expsyncd.pull.leases import Leases
    from expsyncd.pull.source import Tools

logger = logging.getLogger(__name__)

OLDEST = (3, 6)
NO_PYTHON = "no python3 on the host"
# Between two agents: at most four a minute, and after some that never served only now and then.
PAUSES_S = (1.0, 5.0, 20.0, 60.0, 300.0)
WELL_AFTER_S = 120.0  # an agent that lived so long is followed by the first pause again
# A lost connection ends the agent, too, and is told of by others: the agent's end is logged when it lasts.
LOGGED_AFTER_S = PAUSES_S[0]
COMPLAINT = 4096  # of what the host's Python says on its standard error
NOT_FOUND = 127  # the shell's status for a command that is not there


class _Crowded(Exception):  # noqa: N818 - ends an agent that takes what pulls need; no failure
    """The host has no place for it."""


class Line(Protocol):
    """The part of a connection that is used here."""

    async def start(self, remote: str) -> Child:
        """Start a long-lived command on the host. Raises Error."""
        ...

    def heard(self) -> None:
        """The host answered just now."""
        ...


class Follower:
    """`add` sources at any time; `run` for the time of one connection."""

    def __init__(self, host: str, line: Line, leases: Leases, tools: Tools, clock: Clock) -> None:
        self._host = host
        self._line = line
        self._leases = leases
        self._tools = tools
        self._clock = clock
        self._sources: dict[int, Followed] = {}
        self._added = asyncio.Queue[int]()
        self._released = asyncio.Queue[tuple[str, frozenset[bytes]]]()
        self._said = ""
        self._begins = False  # the first agent of a connection is on its way
        self._why = ""  # no agent serves

    def add(self, keeper: Keeper, every_s: float) -> None:
        """Follow one more source, or one whose rules changed; `every_s`: its interval."""
        known = (n for n, followed in self._sources.items() if followed.keeper is keeper)
        number = next(known, len(self._sources) + 1)
        followed = self._sources[number] = Followed(keeper, self._clock, every_s)
        if self._begins:
            followed.begin()
        elif self._why:
            followed.off(self._why)
        self._added.put_nowait(number)

    def off(self, reason: str) -> None:
        """Nothing is followed, and why."""
        self._show(reason)
        self._log(reason)

    def _show(self, reason: str) -> None:
        self._begins, self._why = False, reason
        for followed in self._sources.values():
            followed.off(reason)

    def _log(self, reason: str) -> None:
        if reason and reason != self._said:
            logger.info("%s is not followed: %s", self._host, reason)
        self._said = reason

    async def run(self, python: str | None, why_not: str) -> None:
        """Keep an agent going until cancelled. `python`: its version; `why_not`: there cannot be one."""
        why_not = why_not or too_old(python)
        loop = asyncio.get_running_loop()
        failures = 0
        try:
            if not why_not:
                self._begin()
            while not why_not:
                began_s = loop.time()
                self._released = asyncio.Queue()
                self._leases.on_release = lambda source, paths: self._released.put_nowait((source, paths))
                try:
                    served, reason, final = await self._once()
                finally:
                    self._leases.on_release = lambda _source, _paths: None
                if final:
                    why_not = reason
                    break
                if served and loop.time() - began_s > WELL_AFTER_S:
                    failures = 0
                pause_s = PAUSES_S[min(failures, len(PAUSES_S) - 1)]
                self._show(f"{reason}; again in {pause_s:.0f} s")
                await asyncio.sleep(LOGGED_AFTER_S)
                self._log(reason)
                await asyncio.sleep(pause_s - LOGGED_AFTER_S)
                failures += 1
            self.off(why_not)
            await asyncio.Event().wait()
        finally:
            self.off("not connected")

    def _begin(self) -> None:
        self._begins = True
        for followed in self._sources.values():
            followed.begin()

    async def _once(self) -> tuple[bool, str, bool]:
        """One agent: whether it served, why it ended, whether another would fare no better."""
        script = bootstrap()
        complaint = bytearray()
        reason, crowded, code = "", False, None
        try:
            async with await self._line.start(script.command) as child:
                talk = Conversation(
                    child, self._sources, self._leases, self._tools, self._clock, self._line.heard
                )
                try:
                    await self._talk(child, talk, script.script, complaint)
                    code = await child.wait()
                except* (Silent, Malformed) as group:
                    reason = str(first_of(group))
                except* _Crowded:
                    crowded = True
        except Error as error:
            return False, error.title, False
        if crowded:
            return True, CROWDED, True
        if code == NOT_FOUND and not talk.served:
            return False, NO_PYTHON, True
        ended = why_ended(code, bytes(complaint), talk.noise, served=talk.served)
        return talk.served, reason or ended, False

    async def _talk(self, child: Child, talk: Conversation, script: bytes, complaint: bytearray) -> None:
        async def listen() -> None:
            async for content in child.chunks(stderr=True):
                complaint.extend(content)
                del complaint[:-COMPLAINT]

        async def tell() -> None:
            while not self._added.empty():
                self._added.get_nowait()
            for number in sorted(self._sources):
                await talk.add(number, self._sources[number])
            while True:
                number = await self._added.get()
                await talk.add(number, self._sources[number])

        async def resume() -> None:
            while True:
                source, paths = await self._released.get()
                await talk.say(talk.released(source, paths))

        async def look_for_room() -> None:
            await talk.serving.wait()
            self._begins, self._why = False, ""
            if not await has_room(self._line):
                raise _Crowded

        async with asyncio.TaskGroup() as group:
            beside = [group.create_task(listen(), name=f"complaints of the agent on {self._host}")]
            await child.write(script)
            beside.append(group.create_task(tell(), name=f"sources for the agent on {self._host}"))
            beside.append(group.create_task(resume(), name=f"releases for the agent on {self._host}"))
            beside.append(group.create_task(look_for_room(), name=f"room on {self._host}"))
            await talk.run()
            for task in beside:
                task.cancel()


def too_old(python: str | None) -> str:
    """Why an agent cannot run by the host's python3, "" if it can or that is not known."""
    found = re.match(r"(\d+)\.(\d+)", python or "")
    if found and (int(found[1]), int(found[2])) < OLDEST:
        return f"the host's python3 is {python}, following needs 3.6"
    return ""
