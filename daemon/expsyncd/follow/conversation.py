"""One life of an agent: sends it the sources, takes what it sends, asks now and then whether it lives."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from expsyncd.follow import landing
from expsyncd.follow.clocks import Clocks
from expsyncd.follow.ending import did_not_begin
from expsyncd.follow.frames import Check, Chunk, Frames, Gone, Hello, Message, Mode, Name, Pong, PullAll
from expsyncd.mirror.layout import source_folder
from expsyncd.pace import rest
from expsyncd.threads import to_its_end

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.follow.followed import Followed
    from expsyncd.process import Child
    from expsyncd.pull.leases import Leases
    from expsyncd.pull.source import Tools

BEGIN_S = 20.0  # for the first words of an agent; a login shell may load a dozen modules before
ANSWER_S = 20.0  # for a ping: whatever takes longer is better started anew
# Pings while something happens, and while nothing does: each costs both ends half a millisecond, and an idle
# host is to cost next to nothing. The agent ends itself when the next but one does not come.
BUSY_EVERY_S, IDLE_EVERY_S = 5.0, 30.0
BUSY_FOR_S = 30.0
CLOCK_PINGS = 4  # close together at first, for the difference of the clocks
CLOCK_EVERY_S = 0.25


class Silent(Exception):  # noqa: N818 - the agent does not answer; the follower starts another
    """No word in time; the text says of what."""


class Conversation:
    """`run` until the agent ends; raises Silent or frames.Malformed."""

    def __init__(
        self,
        child: Child,
        sources: dict[int, Followed],
        leases: Leases,
        tools: Tools,
        clock: Clock,
        heard: Callable[[], None],
    ) -> None:
        self.serving = asyncio.Event()  # it answered at least once
        self._child = child
        self._sources = sources
        self._leases = leases
        self._tools = tools
        self._clock = clock
        self._heard = heard
        self._frames = Frames()
        self._clocks = Clocks()
        self._pings: dict[int, tuple[float, datetime]] = {}
        self._number = 0
        self._active_s = 0.0
        self._pinged = asyncio.Event()

    @property
    def served(self) -> bool:
        """Whether it ever answered."""
        return self.serving.is_set()

    @property
    def noise(self) -> bytes:
        """What came in place of an agent's first line."""
        return self._frames.noise

    async def run(self) -> None:
        """Talk until the agent's end of the stream closes."""
        async with asyncio.TaskGroup() as group:
            pings = group.create_task(self._ping(), name="pings")
            async for content in self._child.chunks():
                await self._take(self._frames.feed(content))
            pings.cancel()

    async def add(self, number: int, followed: Followed) -> None:
        """Have one more source followed."""
        source = followed.keeper.source
        followed.folder = bytes(source_folder(self._tools.ground.paths, source.host, source.name))
        words = {"t": "add", "s": number, "path": source.path, "rate": source.bwlimit or 0}
        await self._say({**words, "every": followed.every_s, **followed.accepted.told()})

    def released(self, source: str, paths: frozenset[bytes]) -> list[dict[str, Any]]:
        """Passes let go of paths: what the agent is to be told for those whose chunks were dropped."""
        told = []
        for number, followed in self._sources.items():
            if followed.keeper.source.name == source and (again := followed.dropped & paths):
                followed.dropped -= again
                told += [self._from(number, path, followed.folder) for path in again]
        return told

    async def say(self, messages: Iterable[dict[str, Any]]) -> None:
        """Send messages to the agent."""
        for message in messages:
            await self._say(message)

    # --- pings --------------------------------------------------------------------------------------

    async def _ping(self) -> None:
        loop = asyncio.get_running_loop()
        await self._begun()
        while True:
            busy = loop.time() - self._active_s < BUSY_FOR_S
            every_s = BUSY_EVERY_S if busy else IDLE_EVERY_S
            if self._number < CLOCK_PINGS:
                every_s = CLOCK_EVERY_S
            self._number += 1
            self._pings = {self._number: (loop.time(), self._clock.now())}
            self._pinged.clear()
            within_s = 20.0 if busy else 2 * IDLE_EVERY_S
            try:
                async with asyncio.timeout(ANSWER_S):  # an agent that is stuck may not even take the question
                    await self._say({"t": "ping", "n": self._number, "within": within_s})
                    await self._pinged.wait()
            except TimeoutError:
                raise Silent("the agent on the host does not answer") from None
            await rest(every_s, on_s=1.0)

    async def _begun(self) -> None:
        try:
            async with asyncio.timeout(BEGIN_S):
                await self._pinged.wait()
        except TimeoutError:
            raise Silent(did_not_begin(self.noise, BEGIN_S)) from None

    # --- what comes ---------------------------------------------------------------------------------

    async def _take(self, messages: list[Message]) -> None:
        chunks: list[Chunk | Check] = []
        for message in messages:
            if isinstance(message, Chunk | Check):
                chunks.append(message)
                continue
            if chunks:
                await self._land(chunks)
                chunks = []
            self._note(message)
        if chunks:
            await self._land(chunks)

    def _note(self, message: Message) -> None:
        match message:
            case Hello():
                self._active_s = asyncio.get_running_loop().time()
                self._pinged.set()
            case Pong():
                self._pong(message)
            case Mode(source=number):
                if followed := self._sources.get(number):
                    followed.become(message)
            case Name(source=number, path=path, size=size):
                self._active_s = asyncio.get_running_loop().time()
                if (followed := self._sources.get(number)) and followed.accepted.takes(path):
                    followed.keeper.request_paths({path: size})
            case Gone(source=number, path=path):
                if followed := self._sources.get(number):
                    followed.left(path)
            case PullAll(source=number):
                if followed := self._sources.get(number):
                    followed.owe()

    def _pong(self, pong: Pong) -> None:
        if (asked := self._pings.pop(pong.number, None)) is None:
            return
        sent_s, sent_at = asked
        self._clocks.add(
            sent_at.timestamp(), pong.at_s, sent_at.timestamp() + asyncio.get_running_loop().time() - sent_s
        )
        self.serving.set()
        self._heard()
        self._pinged.set()
        for followed in self._sources.values():
            if pong.quiet:
                followed.quiet(sent_at)
            followed.show()

    # --- bytes --------------------------------------------------------------------------------------

    async def _land(self, messages: list[Chunk | Check]) -> None:
        """Put what came at its place, but for paths that a pass has."""
        self._active_s = asyncio.get_running_loop().time()
        taken: list[tuple[Followed, Chunk | Check]] = []
        answers: list[dict[str, Any]] = []
        for message in messages:
            followed = self._sources.get(message.source)
            if followed is None:
                continue
            if not followed.accepted.grows(message.path, message.size):
                words = {"s": message.source, "p": name(message.path), "z": message.size}
                answers.append({"t": "no", **words})
            elif self._leases.held((followed.keeper.source.name, message.path)):
                followed.dropped.add(message.path)
            else:
                taken.append((followed, message))
        keys = frozenset((f.keeper.source.name, m.path) for f, m in taken)
        # Cut off, any of them may be written: a pull that listed before must not take it for shrunk.
        grown = [(f.keeper.source.name, m.path) for f, m in taken if isinstance(m, Chunk)]
        self._leases.begin(keys)
        try:
            landed = await to_its_end(lambda: self._write(taken))
            grown = [
                (followed.keeper.source.name, message.path)
                for (followed, message), (result, _) in zip(taken, landed, strict=True)
                if result is not None and result.kind == "took" and isinstance(message, Chunk)
            ]
        finally:
            self._leases.end(grown)
        for (followed, message), (result, at_s) in zip(taken, landed, strict=True):
            answers += self._judge(followed, message, result, at_s)
        await self.say(answers)

    def _write(
        self, taken: list[tuple[Followed, Chunk | Check]]
    ) -> list[tuple[landing.Landed | None, float]]:
        """In a thread. None where nothing may be written now."""
        done: list[tuple[landing.Landed | None, float]] = []
        room = self._tools.room()
        away = self._tools.ground.check() is not None
        for followed, message in taken:
            if away:
                done.append((None, 0.0))
            elif isinstance(message, Check):
                same = landing.agrees(followed.folder, message)
                done.append((landing.Landed("took") if same else landing.PULL, 0.0))
            else:
                result = landing.land(followed.folder, message, room)
                room = None if room is None else room - result.wrote
                done.append((result, self._clock.now().timestamp()))
        return done

    def _judge(
        self, followed: Followed, message: Chunk | Check, landed: landing.Landed | None, at_s: float
    ) -> list[dict[str, Any]]:
        """Draw the consequences; what the agent is to be told."""
        if landed is None:
            followed.owe()
            return []
        match landed.kind:
            case "misfit":
                return [{"t": "from", "s": message.source, "p": name(message.path), "z": landed.size}]
            case "pull":
                followed.keeper.request_paths({message.path: message.size})
            case "took" if isinstance(message, Chunk):
                if landed.wrote == landed.size and not followed.may_make_one_more():
                    followed.owe()
                offset_s = self._clocks.offset_s
                if message.live and landed.level and offset_s is not None:
                    followed.arrivals.add(at_s - (message.mtime_ns / 1e9 - offset_s))
        return []

    def _from(self, number: int, path: bytes, folder: bytes) -> dict[str, Any]:
        return {"t": "from", "s": number, "p": name(path), "z": landing.size_of(folder, path)}

    async def _say(self, words: dict[str, Any]) -> None:
        await self._child.write(json.dumps(words, separators=(",", ":")).encode("ascii") + b"\n")


def name(path: bytes) -> str:
    """A path as JSON carries it."""
    return path.decode("utf-8", "surrogateescape")
