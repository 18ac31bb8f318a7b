"""Where one pull of one source writes: its mirror folder, temporary files, old bytes. For every transport."""

from __future__ import annotations

import asyncio
import os
import shutil
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from expsyncd.mirror import versions
from expsyncd.mirror.layout import shown, source_folder
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.outcome import Outcome, unwritable
from expsyncd.threads import to_its_end

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.pull.source import Source, Tools

PRIVATE = 0o700


@contextmanager
def writing() -> Iterator[None]:
    """What the local disk refuses ends the pull. Raises Stopped."""
    try:
        yield
    except OSError as error:
        name = os.fsencode(error.filename or b"a file of the root")
        raise Stopped(unwritable(shown(name), error.errno or 0)) from error


class Place:
    """`kept` counts the old files that went to versions."""

    def __init__(self, source: Source, tools: Tools, pull_id: str, clock: Clock) -> None:
        self.kept = 0
        self.folder = source_folder(tools.ground.paths, source.host, source.name)
        self.backup = versions.pass_folder(tools.ground.paths, pull_id, source.host, source.name)
        self._source = source
        self._tools = tools
        self._pull_id = pull_id
        self._clock = clock

    def check_ground(self) -> None:
        """Raise Stopped while nothing may be written under the root."""
        if trouble := self._tools.ground.check():
            raise Stopped(Outcome("retry", trouble))

    async def prepare(self) -> None:
        """Make the mirror's folder of the source, and record what pulls before were cut off from recording.

        Raises Stopped, and Error where the disk does not let it.
        """
        self.check_ground()
        for left in list(self._tools.left):
            self._tools.left.discard(left)
            await self.clean_up(left)
        for one in list(self._tools.unsettled):
            if one[:2] == (self._source.host, self._source.name):
                await self._settle(one[2], broken=True)
                self._tools.unsettled.discard(one)
        with writing():
            await asyncio.to_thread(_make_private, self.folder.parent, self.folder)

    async def incoming(self, name: str) -> Path:
        """A fresh folder for a pass's temporary files. Raises Stopped."""
        self.check_ground()
        folder = self._tools.ground.paths.incoming / f"{self._pull_id}-{name}"
        try:
            with writing():
                await to_its_end(partial(_make_private, folder))
        except asyncio.CancelledError:
            await self.clean_up(folder)
            raise
        return folder

    async def clean_up(self, incoming: Path) -> None:
        """Remove a pass's temporary files, cancelled or not."""
        await to_its_end(partial(self._clean_up, incoming))

    async def set_aside(self, paths: Sequence[bytes]) -> None:
        """Move what stands in the way of a file or folder of the host into versions."""
        source = self._source
        for path in paths:
            await self._tools.thread.run(
                versions.set_aside,
                self._tools.ground.paths,
                self._tools.facts,
                self._pull_id,
                source.host,
                source.name,
                path,
                self._clock.now(),
            )
            self.kept += 1

    async def settle(self, *, broken: bool = False) -> None:
        """Record the old files of the passes so far, or drop those that merely grew.

        `broken`: an rsync of them may still be ending.
        """
        await self._settle(self._pull_id, broken=broken)

    @contextmanager
    def replacing(self) -> Iterator[None]:
        """Around passes: one that is cut off or breaks leaves old files, which the next pull settles.

        They may be too many to look at now.
        """
        try:
            yield
        except BaseException:
            self._tools.unsettled.add((self._source.host, self._source.name, self._pull_id))
            raise

    async def _settle(self, pull_id: str, *, broken: bool) -> None:
        root, source = self._tools.ground.paths, self._source
        backup = versions.pass_folder(root, pull_id, source.host, source.name)
        if not await asyncio.to_thread(backup.is_dir):
            return
        settled = await self._tools.thread.run(
            versions.settle,
            root,
            self._tools.facts,
            pull_id,
            source.host,
            source.name,
            self._clock.now(),
            broken=broken,
        )
        self.kept += settled.kept
        if settled.kept:
            await self._tools.thread.run(
                versions.prune, root, self._tools.facts, self._tools.versions, self._clock.now()
            )

    def _clean_up(self, incoming: Path) -> None:
        if self._tools.ground.check() is not None:
            self._tools.left.add(incoming)
        else:
            shutil.rmtree(incoming, ignore_errors=True)
            # rsync makes the backup's own folder by the umask.
            pull_folder = self._tools.ground.paths.versions / self._pull_id
            if pull_folder.is_dir():
                pull_folder.chmod(PRIVATE)


def _make_private(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(mode=PRIVATE, exist_ok=True)
