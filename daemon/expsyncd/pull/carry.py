"""The rsyncs of one pull: lists, appends and fetches by rsync, and asks the host for digests."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.pull import command, local, tails
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.counter import Counter
from expsyncd.pull.grown import ask_whether_grown
from expsyncd.pull.kinds import is_event_file
from expsyncd.pull.listing import Listing, add_line
from expsyncd.pull.outcome import Outcome, judge
from expsyncd.pull.place import Place, writing
from expsyncd.pull.rsync import Ended, rsync
from expsyncd.state.status import Trouble
from expsyncd.threads import to_its_end

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from expsyncd.clock import Clock
    from expsyncd.pull.digest import Question
    from expsyncd.pull.listing import Item
    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.source import Commands, Source, Tally, Tools

SIZE_SLACK = 64 << 20  # a file may grow while it comes; twice its size and this is more than growth


class RsyncCarrier:
    """Carries by rsync; `connection` and `digests` tell whether files grew. See Carrier."""

    def __init__(
        self,
        source: Source,
        remote: command.Remote,
        tools: Tools,
        tally: Tally,
        pull_id: str,
        clock: Clock,
        *,
        connection: Commands,
        digests: str | None,
    ) -> None:
        """`digests`: the program on the host that makes them."""
        self.troubles: list[Outcome] = []
        self.place = Place(source, tools, pull_id, clock)
        self._source = source
        self._remote = remote
        self._tools = tools
        self._tally = tally
        self._connection = connection
        self._digests = digests

    async def listing(
        self, *, gone: bool, most: int | None, beyond: Callable[[Item], None] | None = None
    ) -> Listing:
        """What differs between host and mirror; changes nothing. See Carrier."""
        await self.place.prepare()
        found = Listing(gone_known=gone, most=most, beyond=beyond)
        source = self._source
        argv = command.listing(self._remote, self.place.folder, source.include, source.exclude, gone=gone)
        outcome = self._judge(await self._run(argv, None, lambda line: add_line(found, line)))
        if outcome.kind not in ("complete", "partial"):
            raise Stopped(outcome)
        if outcome.kind == "partial":
            self.troubles.append(outcome)
            found.gone.clear()  # after a read error rsync cannot say what is gone
        return found

    def unaskable(self, path: bytes) -> bool:
        """Names that rsync misreads. See Carrier."""
        return command.unaskable(path)

    async def audit(self, paths: Sequence[bytes]) -> Listing:
        """Which of `paths` differ by digest."""
        found = Listing()
        paths = [path for path in paths if not self.unaskable(path)]
        argv = command.audit(self._remote, self.place.folder)
        outcome = self._judge(await self._run(argv, paths, lambda line: add_line(found, line)))
        if outcome.kind not in ("complete", "partial"):
            raise Stopped(outcome)
        return found

    async def same(self, grown: Sequence[Grown]) -> set[bytes]:
        """By digests of both ends; without a digest program on the host nothing is certain, so nothing."""
        return await self._same(grown, None)

    async def grow(self, grown: Sequence[Grown]) -> set[bytes]:
        """Bring what is new, ask again with the new lengths, append what follows.

        Between the question and the pass the host may have replaced a file by a longer one; what comes then
        follows other bytes.
        """
        near = [g for g in grown if g.size - g.here <= tails.AT_MOST]
        far = [g for g in grown if g.size - g.here > tails.AT_MOST]
        changed = await self._grow_from_beside(near) if near else set()
        return changed | (await self._grow_in_place(far) if far else set())

    async def _grow_from_beside(self, grown: Sequence[Grown]) -> set[bytes]:
        """No byte is in the mirror before it is known to follow; what does not goes to the old bytes."""
        folder, beside = bytes(self.place.folder), await self.place.incoming("tails")
        before = {g.path: g.here for g in grown}
        try:
            with writing():
                await to_its_end(partial(tails.make_holes, bytes(beside), before))
            after = await self._append_to(beside, grown)
            there = [g for g in grown if g.path in after]
            digest = partial(_joined_digest, folder, bytes(beside), before)
            still = await self._same(there, after, digest)
            changed = [g for g in there if g.path not in still]
            with writing():
                follows = [g for g in there if g.path in still]
                came = await to_its_end(partial(tails.append, folder, bytes(beside), follows))
                backup, versions = bytes(self.place.backup), bytes(self._tools.ground.paths.versions)
                await to_its_end(partial(tails.keep, folder, bytes(beside), changed, backup, versions))
        finally:
            await self.place.clean_up(beside)
        self._tally.add(len(grown), came)
        await self.place.settle()
        return {g.path for g in changed}

    async def _grow_in_place(self, grown: Sequence[Grown]) -> set[bytes]:
        before = {g.path: g.here for g in grown}
        after = await self._append_to(self.place.folder, grown)
        self._tally.add(len(grown), sum(max(0, size - before[path]) for path, size in after.items()))
        there = [g for g in grown if g.path in after]
        return {g.path for g in there} - await self._same(there, after)

    async def _append_to(self, folder: Path, grown: Sequence[Grown]) -> dict[bytes, int]:
        """Have rsync append to files below `folder`; how long each is then."""
        argv = command.grow(self._remote, folder, bwlimit=self._source.bwlimit)
        limit = 2 * max(g.size for g in grown) + SIZE_SLACK
        paths = [g.path for g in grown]
        self._note(await self._run(argv, paths, lambda _: None, limit=limit))
        return await asyncio.to_thread(local.sizes, bytes(folder), paths)

    async def bring(
        self, wanted: Sequence[Wanted], name: str, *, sparse: bool = False, whole_progress: bool = False
    ) -> None:
        """One rsync, with a temp folder and a backup folder of its own."""
        if not wanted:
            return
        events = [self.place.folder / _path(w.path) for w in wanted if w.replaces and is_event_file(w.path)]
        try:
            if events:
                await self._tools.replacing(events)
            incoming = await self.place.incoming(name)
            argv = command.fetch(
                self._remote,
                self.place.folder,
                incoming=incoming,
                backup=self.place.backup,
                bwlimit=self._source.bwlimit,
                sparse=sparse,
                whole_progress=whole_progress,
            )
            sizes = {w.path: w.size for w in wanted}
            counter = Counter(self._tally, sizes, by_progress=whole_progress)
            try:
                limit = 2 * max(sizes.values()) + SIZE_SLACK
                self._note(await self._run(argv, list(sizes), counter.line, limit=limit))
            except Stopped:
                if self._tools.ground.check() is None:
                    await self.place.settle(broken=True)
                raise
            finally:
                await self.place.clean_up(incoming)
        finally:
            if events:
                self._tools.replaced(events)
        await self.place.settle()

    async def _same(
        self,
        grown: Sequence[Grown],
        here: dict[bytes, int] | None,
        digest: Callable[[Question], str] | None = None,
    ) -> set[bytes]:
        return await ask_whether_grown(
            grown,
            self._source,
            self.place.folder,
            self._connection,
            self._tools,
            self._digests,
            here=here,
            digest=digest,
        )

    async def _run(
        self,
        argv: Sequence[str],
        names: Sequence[bytes] | None,
        on_line: Callable[[bytes], None],
        *,
        limit: int | None = None,
    ) -> Ended:
        timeout_s = self._tools.progress_timeout_s
        return await rsync(
            argv,
            names=names,
            environment=self._tools.environment,
            on_line=on_line,
            may_go_on=self._tools.ground.check,
            stalled=Trouble(
                f"no progress for {timeout_s:.0f} s, so this pull was stopped", "it is tried again by itself"
            ),
            progress_timeout_s=timeout_s,
            file_size_limit=limit,
        )

    def _judge(self, ended: Ended) -> Outcome:
        if ended.stopped:
            return Outcome("retry", ended.stopped)
        return judge(ended.code, ended.stderr, host=self._source.host)

    def _note(self, ended: Ended) -> None:
        outcome = self._judge(ended)
        if outcome.kind == "complete":
            return
        if outcome.kind not in ("partial", "disk"):
            raise Stopped(outcome)
        self.troubles.append(outcome)


def _joined_digest(folder: bytes, beside: bytes, before: Mapping[bytes, int], question: Question) -> str:
    return tails.joined_digest(folder, beside, question, before[question.path])


def _path(name: bytes) -> Path:
    return Path(name.decode("utf-8", "surrogateescape"))
