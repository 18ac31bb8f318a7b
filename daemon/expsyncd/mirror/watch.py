"""Watches the mirror: file events in batches, and a rescan at start, on overflow and every ten minutes.

Events are a shortcut: they may be lost, so whoever acts on them must be able to look at everything.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import sys
from os import fsencode
from typing import TYPE_CHECKING

from watchdog.events import FileSystemEventHandler

from expsyncd.clock import Clock, SystemClock
from expsyncd.mirror.batch import Batch, Gathering
from expsyncd.mirror.inbox import CHANGES, Inbox, overflows
from expsyncd.pace import next_due, wished
from expsyncd.state.status import Trouble
from expsyncd.threads import to_its_end

if sys.platform.startswith("linux"):
    from expsyncd.mirror.tree import TreeObserver as Watch
else:
    from watchdog.observers import Observer as Watch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from expsyncd.mirror.tree import Watching

logger = logging.getLogger(__name__)

RESCAN_S = 600.0
POLL_S = 10.0  # between rescans where the kernel gives no events
BREATH_S = 0.05
# During a large pull events are lost often. Watching all folders again takes a tenth of the time at most.
SPARED = 10
LOOK_S = 2.0  # at the mirror folder itself: a disk that goes away sends no event

MISSING = Trouble("the mirror folder is missing", "mount its disk again; it is noticed by itself")
_LIMITS = {
    errno.ENOSPC: ("fs.inotify.max_user_watches", 1048576),
    errno.EMFILE: ("fs.inotify.max_user_instances", 1024),
}


def limit_trouble(error: OSError) -> Trouble:
    """Why there are no file events, with the exact command that helps, if any does."""
    if error.errno not in _LIMITS:
        return Trouble(f"the mirror cannot be watched ({error.strerror}); it is looked at every {POLL_S:g} s")
    setting, enough = _LIMITS[error.errno]
    return Trouble(
        f"the limit {setting} is reached; the mirror is looked at every {POLL_S:g} s instead of at once",
        f"sudo sysctl {setting}={enough} (to keep it: a line `{setting}={enough}` in "
        "/etc/sysctl.d/60-inotify.conf)",
    )


class MirrorWatch:
    """Calls `on_batch` after changes in the mirror.

    `trouble` (also given to `on_trouble` when it changes) says what keeps it from noticing them at once.
    """

    def __init__(
        self,
        mirror: Path,
        on_batch: Callable[[Batch], Awaitable[None]],
        *,
        on_trouble: Callable[[Trouble | None], None] | None = None,
        observer: Callable[[], Watching] = Watch,
        rescan_s: float = RESCAN_S,
        poll_s: float = POLL_S,
        look_s: float = LOOK_S,
        clock: Clock | None = None,
    ) -> None:
        self._mirror = mirror
        self._on_batch = on_batch
        self._on_trouble = on_trouble
        self._observer = observer
        self._rescan_s = rescan_s
        self._poll_s = poll_s
        self._look_s = look_s
        self._clock = clock or SystemClock()
        self._gathering = Gathering()
        self._wish = asyncio.Event()
        self._inbox = Inbox(None, self._wish, fsencode(mirror))
        self.trouble: Trouble | None = None

    def request_rescan(self) -> None:
        """Have a batch of everything soon."""
        self._gathering.add_everything(self._clock.monotonic())
        self._wish.set()

    async def run(self) -> None:
        """Watch until cancelled; leaves no thread behind."""
        while True:
            identity = self._identity()
            if identity is None:
                self._put(MISSING)
                await asyncio.sleep(self._look_s)
                continue
            try:
                await self._watch(identity)
            except OSError as error:
                if error.errno == errno.ENOENT:
                    # It vanished just now; whether it stays away, the next look tells.
                    await asyncio.sleep(self._look_s)
                else:
                    self._put(limit_trouble(error))
                    # For a while only: the limit may have been raised since.
                    await self._deliver(identity, self._poll_s, lasts_s=self._rescan_s)

    async def _watch(self, identity: tuple[int, int]) -> None:
        """File events until the mirror is another folder. Raises OSError when there cannot be any."""
        self._inbox = Inbox(asyncio.get_running_loop(), self._wish, fsencode(self._mirror))
        observer = self._observer()
        try:
            with overflows(self._inbox):
                observer.schedule(self._inbox, str(self._mirror), recursive=True, event_filter=CHANGES)
                await to_its_end(observer.start)
                await to_its_end(self._probe)
                self._put(None)
                await self._deliver(identity, self._rescan_s, observer=observer)
        finally:
            _end(observer)

    def _probe(self) -> None:
        # watchdog passes over folders below the top that it could not watch, so a limit that was reached
        # on the way would go unnoticed. It holds for one more watch, too.
        observer = self._observer()
        try:
            observer.schedule(FileSystemEventHandler(), str(self._mirror), event_filter=CHANGES)
            observer.start()
        finally:
            _end(observer)

    async def _deliver(
        self,
        identity: tuple[int, int],
        rescan_s: float,
        *,
        lasts_s: float = float("inf"),
        observer: Watching | None = None,
    ) -> None:
        """Batches as they fall due, until the mirror is another folder or `lasts_s` have passed.

        Raises OSError when a folder that came cannot be watched.
        """
        rescan_at = again_at = self._clock.monotonic()
        until = rescan_at + lasts_s
        while self._identity() == identity and (now := self._clock.monotonic()) < until:
            if limit := getattr(observer, "limit", None):
                raise limit
            if now >= rescan_at:
                self._gathering.add_everything(now)
                rescan_at = now + rescan_s
            if self._inbox.lost and now >= again_at:
                again_at = await self._watch_again(observer, now)
            self._inbox.empty_into(self._gathering, now)
            if batch := self._gathering.take(now):
                await self._on_batch(batch)
                continue
            due = self._gathering.due()
            moments = [rescan_at, rescan_at if due is None else due]
            await self._pause(min([*moments, again_at] if self._inbox.lost else moments) - now)

    async def _pause(self, pause_s: float) -> None:
        """Wait for an event, for the next look at the mirror folder, or for `pause_s`."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        due_s = min(next_due(now, self._look_s), now + pause_s)
        if await wished(self._wish, due_s):
            # A busy mirror wakes us for each event otherwise.
            await asyncio.sleep(min(BREATH_S, max(0.0, due_s - loop.time())))
        self._wish.clear()

    async def _watch_again(self, observer: Watching | None, now: float) -> float:
        """Watch folders whose coming was lost, look at everything; when to do so next at the earliest."""
        self._inbox.lost = False
        if watch_again := getattr(observer, "watch_again", None):
            await to_its_end(watch_again)
        done = self._clock.monotonic()
        self._gathering.add_everything(done)
        return done + SPARED * (done - now)

    def _identity(self) -> tuple[int, int] | None:
        """What tells this folder from another one mounted or moved in its place."""
        try:
            found = self._mirror.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def _put(self, trouble: Trouble | None) -> None:
        if trouble == self.trouble:
            return
        self.trouble = trouble
        if trouble is None:
            logger.info("the mirror is watched again")
        else:
            logger.warning("%s: %s", trouble.title, trouble.advice)
        if self._on_trouble is not None:
            self._on_trouble(trouble)


def _end(observer: Watching) -> None:
    observer.stop()
    if observer.is_alive():
        observer.join()
