"""Carrying by sftp: the same promises as by rsync, with nothing on the host but its sftp."""

from __future__ import annotations

import asyncio
import errno
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from expsyncd.errors import Error
from expsyncd.mirror.inplace import in_the_way
from expsyncd.mirror.layout import shown
from expsyncd.pull import command, remote_tree
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.differences import Differences, compare
from expsyncd.pull.kinds import is_event_file
from expsyncd.pull.listing import Item, Listing
from expsyncd.pull.outcome import Outcome, unreadable
from expsyncd.pull.patterns import filter_of
from expsyncd.pull.place import Place
from expsyncd.pull.pour import Pace
from expsyncd.pull.sftp_jobs import Jobs, Unwritable
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractAsyncContextManager

    from expsyncd.clock import Clock
    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.remote_tree import There, Tree, Wire
    from expsyncd.pull.source import Conversation, Source, Tally, Tools

T = TypeVar("T")

GONE = {errno.ENOENT, errno.ENOTDIR}


class SftpCarrier:
    """Carries by sftp, over conversations that are lent to it. See Carrier."""

    def __init__(
        self,
        source: Source,
        lend: Callable[[], AbstractAsyncContextManager[Conversation]],
        tools: Tools,
        tally: Tally,
        pull_id: str,
        clock: Clock,
        *,
        offset_s: float,
    ) -> None:
        """`offset_s`: the host's clock minus ours, as far as it is known."""
        self.troubles: list[Outcome] = []
        self.place = Place(source, tools, pull_id, clock)
        self._source = source
        self._lend = lend
        self._tools = tools
        self._tally = tally
        self._clock = clock
        self._offset_s = offset_s
        self._start = remote_tree.start_of(source.path)
        self._pace = Pace(source.bwlimit)
        self._there: dict[bytes, There] = {}
        self._recent_from = 0.0
        self._doubted: set[bytes] = set()

    async def listing(
        self, *, gone: bool, most: int | None, beyond: Callable[[Item], None] | None = None
    ) -> Listing:
        """By listing every folder; it always knows what is gone, and holds all of it anyway."""
        del gone, most, beyond
        await self.place.prepare()
        source = self._source
        taken = filter_of(command.filters(source.include, source.exclude))
        tree = await self._run(lambda wire: remote_tree.walk(wire, self._start, taken, source.max_entries))
        self._note_unread(tree)
        now_s = self._clock.now().timestamp()
        found: Differences = await asyncio.to_thread(
            compare, tree, bytes(self.place.folder), taken, now_s, self._offset_s
        )
        self._there, self._recent_from = tree.files, found.recent_from
        if tree.unread:
            found.listing.gone.clear()
        if found.unsettled:
            jobs = self._jobs(found.unsettled)
            found.listing.items += await self._do(jobs, jobs.recheck(found.unsettled, now_s))
        return found.listing

    def unaskable(self, path: bytes) -> bool:
        """None: names are not patterns here."""
        del path
        return False

    async def audit(self, paths: Sequence[bytes]) -> Listing:
        """By reading them again."""
        found = Listing()
        jobs = self._jobs(paths)
        asked = [path for path in paths if path in self._there]
        found.items += await self._do(jobs, jobs.audit(asked))
        # Those of other sizes differ anyway; when they merely grew, all of their beginning is compared.
        self._doubted |= set(asked)
        return found

    async def same(self, grown: Sequence[Grown]) -> set[bytes]:
        """By reading the ends of what is here once more; all of it where there was a doubt."""
        jobs = self._jobs([g.path for g in grown])
        return set(await self._do(jobs, jobs.same(grown, self._doubted)))

    async def grow(self, grown: Sequence[Grown]) -> set[bytes]:
        """Read on from our length, the end of what is here being compared before and after."""
        jobs = self._jobs([g.path for g in grown])
        changed = set(await self._do(jobs, jobs.grow(grown)))
        self._tell(jobs)
        return changed

    async def bring(
        self, wanted: Sequence[Wanted], name: str, *, sparse: bool = False, whole_progress: bool = False
    ) -> None:
        """To temporary files, each renamed once it is whole."""
        del whole_progress  # bytes always count as they come
        if not wanted:
            return
        folder = self.place.folder
        events = [folder / _path(w.path) for w in wanted if w.replaces and is_event_file(w.path)]
        try:
            if events:
                await self._tools.replacing(events)
            incoming = await self.place.incoming(name)
            try:
                await self.place.set_aside(
                    await asyncio.to_thread(in_the_way, bytes(folder), [w.path for w in wanted])
                )
                jobs = self._jobs([w.path for w in wanted])
                await self._do(jobs, jobs.bring(wanted, bytes(incoming), sparse=sparse))
                self._tell(jobs)
            except Unwritable as full:
                self.troubles.append(full.outcome)
            finally:
                await self.place.clean_up(incoming)
                await self.place.settle()
        finally:
            if events:
                self._tools.replaced(events)

    def _jobs(self, paths: Sequence[bytes]) -> Jobs:
        there = {path: self._there[path] for path in paths if path in self._there}
        root = self._tools.ground.paths
        return Jobs(
            self._start,
            bytes(self.place.folder),
            there,
            self._recent_from,
            self._pace,
            versions=bytes(root.versions),
            backup=bytes(self.place.backup.relative_to(root.versions)),
        )

    async def _do(self, jobs: Jobs, work: Callable[[Wire], T]) -> T:
        """Run work of `jobs`, its progress shown."""
        files = count = 0

        def look() -> None:
            nonlocal files, count
            now_files, now_count = jobs.files, jobs.bytes
            if (now_files, now_count) != (files, count):
                self._tally.add(now_files - files, now_count - count)
                files, count = now_files, now_count

        return await self._run(work, look)

    async def _run(self, work: Callable[[Wire], T], look: Callable[[], None] = lambda: None) -> T:
        timeout_s = self._tools.progress_timeout_s

        def may_go_on() -> Error | None:
            trouble = self._tools.ground.check()
            return Error(trouble.title, trouble.advice) if trouble else None

        async with self._lend() as conversation:
            return await conversation.run(
                work,
                may_go_on=may_go_on,
                look=look,
                stalled=Error(
                    f"no progress for {timeout_s:.0f} s, so this pull was stopped",
                    "it is tried again by itself",
                ),
                progress_timeout_s=timeout_s,
            )

    def _note_unread(self, tree: Tree) -> None:
        """A source that is not there ends the pull; a folder that cannot be read makes it partial."""
        root = tree.unread.get(b"")
        if root is not None and root.errno in GONE:
            where = shown(self._start)
            raise Stopped(
                Outcome(
                    "missing",
                    Trouble(
                        f"{where} is not there on {self._source.host}",
                        "is the path right and its disk mounted there? What was mirrored stays here",
                    ),
                )
            )
        for inside, error in tree.unread.items():
            if inside and error.errno in GONE:
                continue  # it vanished while its neighbours were listed
            where = shown(remote_tree.joined(self._start, inside))
            self.troubles.append(unreadable(where, error.errno or 0))

    def _tell(self, jobs: Jobs) -> None:
        self.troubles += jobs.troubles[:1]


def _path(name: bytes) -> Path:
    return Path(name.decode("utf-8", "surrogateescape"))
