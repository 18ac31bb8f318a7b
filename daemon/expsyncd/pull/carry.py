"""The rsyncs of one pull: the one place that runs passes into the mirror and settles the old bytes."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.mirror import versions
from expsyncd.mirror.layout import source_folder
from expsyncd.pull import command, local
from expsyncd.pull.counter import Counter
from expsyncd.pull.kinds import is_event_file
from expsyncd.pull.listing import Listing, add_line
from expsyncd.pull.outcome import Outcome, judge
from expsyncd.pull.rsync import Ended, rsync
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from expsyncd.clock import Clock
    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.source import Source, Tally, Tools

SIZE_SLACK = 64 << 20  # a file may grow while it comes; twice its size and this is more than growth


class Stopped(Exception):  # noqa: N818 - not a failure of ours: the pull ends early with this outcome
    """Ends a pull early with its `outcome`."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.kind)
        self.outcome = outcome


class Carrier:
    """Runs listings and passes for one pull; `troubles` collects what did not go well, `kept` old files."""

    def __init__(
        self, source: Source, remote: command.Remote, tools: Tools, tally: Tally, pull_id: str, clock: Clock
    ) -> None:
        self.troubles: list[Outcome] = []
        self.kept = 0
        self.folder = source_folder(tools.ground.paths, source.host, source.name)
        self._source = source
        self._remote = remote
        self._tools = tools
        self._tally = tally
        self._pull_id = pull_id
        self._clock = clock

    async def listing(self, *, gone: bool) -> Listing:
        """What differs between host and mirror; changes nothing. `gone`: also what left the host."""
        self.check_ground()
        await asyncio.to_thread(self._make_folder)
        found = Listing()
        source = self._source
        argv = command.listing(self._remote, self.folder, source.include, source.exclude, gone=gone)
        outcome = self._judge(await self._run(argv, None, lambda line: add_line(found, line)))
        if outcome.kind not in ("complete", "partial"):
            raise Stopped(outcome)
        if outcome.kind == "partial":
            self.troubles.append(outcome)
            found.gone.clear()  # after a read error rsync cannot say what is gone
        return found

    async def audit(self, paths: Sequence[bytes]) -> Listing:
        """Which of `paths` differ by digest."""
        found = Listing()
        argv = command.audit(self._remote, self.folder)
        outcome = self._judge(await self._run(argv, paths, lambda line: add_line(found, line)))
        if outcome.kind not in ("complete", "partial"):
            raise Stopped(outcome)
        return found

    async def grow(self, grown: Sequence[Grown]) -> dict[bytes, int]:
        """Append to `grown`; our length of each afterwards."""
        argv = command.grow(self._remote, self.folder, bwlimit=self._source.bwlimit)
        limit = 2 * max(g.size for g in grown) + SIZE_SLACK
        before = {g.path: g.here for g in grown}
        self._note(await self._run(argv, list(before), lambda _: None, limit=limit))
        after = await asyncio.to_thread(local.sizes, bytes(self.folder), list(before))
        self._tally.add(len(grown), sum(max(0, size - before[path]) for path, size in after.items()))
        return after

    async def fetch(
        self, wanted: Sequence[Wanted], name: str, *, sparse: bool = False, whole_progress: bool = False
    ) -> None:
        """One pass of new and replaced files; `name` tells passes of one pull apart."""
        if not wanted:
            return
        self.check_ground()
        root, source = self._tools.ground.paths, self._source
        incoming = root.incoming / f"{self._pull_id}-{name}"
        backup = versions.pass_folder(root, self._pull_id, source.host, source.name)
        events = [self.folder / _path(w.path) for w in wanted if w.replaces and is_event_file(w.path)]
        if events:
            await self._tools.replacing(events)
        await asyncio.to_thread(_make_private, incoming)
        argv = command.fetch(
            self._remote,
            self.folder,
            incoming=incoming,
            backup=backup,
            bwlimit=source.bwlimit,
            sparse=sparse,
            whole_progress=whole_progress,
        )
        sizes = {w.path: w.size for w in wanted}
        counter = Counter(self._tally, sizes, by_progress=whole_progress)
        try:
            limit = 2 * max(sizes.values()) + SIZE_SLACK
            self._note(await self._run(argv, list(sizes), counter.line, limit=limit))
        finally:
            if events:
                self._tools.replaced(events)
            await asyncio.shield(asyncio.to_thread(self._clean_up, incoming))
        await self._settle(backup)

    async def set_aside(self, paths: Sequence[bytes]) -> None:
        """Move folders that stand where the host now has a file into versions."""
        root, source = self._tools.ground.paths, self._source
        for path in paths:
            await self._tools.thread.run(
                versions.set_aside,
                root,
                self._tools.facts,
                self._pull_id,
                source.host,
                source.name,
                path,
                self._clock.now(),
            )
            self.kept += 1

    def check_ground(self) -> None:
        """Raise Stopped while nothing may be written under the root."""
        if trouble := self._tools.ground.check():
            raise Stopped(Outcome("retry", trouble))

    def _clean_up(self, incoming: Path) -> None:
        if self._tools.ground.check() is None:
            shutil.rmtree(incoming, ignore_errors=True)
            # rsync makes the backup's own folder by the umask.
            pull_folder = self._tools.ground.paths.versions / self._pull_id
            if pull_folder.is_dir():
                pull_folder.chmod(0o700)

    async def _settle(self, backup: Path) -> None:
        if not await asyncio.to_thread(backup.is_dir):
            return
        root, source = self._tools.ground.paths, self._source
        settled = await self._tools.thread.run(
            versions.settle,
            root,
            self._tools.facts,
            self._pull_id,
            source.host,
            source.name,
            self._clock.now(),
        )
        self.kept += settled.kept
        if settled.kept:
            await self._tools.thread.run(
                versions.prune, root, self._tools.facts, self._tools.versions, self._clock.now()
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

    def _make_folder(self) -> None:
        for folder in (self.folder.parent, self.folder):
            _make_private(folder)


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)


def _path(name: bytes) -> Path:
    return Path(name.decode("utf-8", "surrogateescape"))
