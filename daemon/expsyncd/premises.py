"""What must be in order before anything is pulled: rsync, facts, root, what a killed daemon left."""

from __future__ import annotations

import logging
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.mirror import versions
from expsyncd.mirror.root import Root
from expsyncd.mirror.sweep import sweep_incoming
from expsyncd.pull import local_rsync
from expsyncd.state.facts import Facts
from expsyncd.state.thread import DatabaseThread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.config.model import Config
    from expsyncd.paths import Paths

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Premises:
    """What every pull of this process shares. `audit_since`: after an unclean stop, audit what is newer."""

    thread: DatabaseThread
    facts: Facts
    root: Root
    audit_since: datetime | None
    notices: tuple[str, ...]


@asynccontextmanager
async def premises(paths: Paths, config: Config, clock: Clock) -> AsyncIterator[Premises]:
    """Open, tidy and, at the end, close; the caller holds the lock.

    Raises NeedsUserError when only the person can mend what is wrong.
    """
    warning = local_rsync.judge(await local_rsync.ask(), allow_old=config.allow_old_rsync)
    thread = DatabaseThread()
    try:
        facts = await thread.run(Facts.open, paths.facts_db)
        try:
            root = await thread.run(Root.prepare, config.root, facts)
            audit_since = None
            if not await thread.run(facts.mark_running):
                audit_since = await thread.run(facts.last_checkpoint)
                logger.warning("the last stop was not clean: what was written since is compared by digest")
            await tidy(thread, facts, root, config, clock)
            yield Premises(thread, facts, root, audit_since, (warning,) if warning else ())
            await thread.run(facts.mark_stopped)
        finally:
            await thread.run(facts.close)
    finally:
        await thread.close()


async def tidy(thread: DatabaseThread, facts: Facts, root: Root, config: Config, clock: Clock) -> None:
    """Finish what a killed process left under the root; nothing while its disk is away."""
    if root.check() is not None:
        return
    now = clock.now()
    await thread.run(sweep_incoming, root.paths)
    await thread.run(versions.repair, facts)
    await thread.run(versions.settle_all, root.paths, facts, now)
    await thread.run(versions.prune, root.paths, facts, config.versions, now)
