"""Keeps one source fresh: waits for wishes, runs pulls, turns outcomes into state.

A full round lists, takes metrics and then everything else. While its bulk part runs, wishes make light
rounds (list and metrics only), so that a point never waits for an archive; a full round follows.
"""

from __future__ import annotations

import asyncio
import secrets
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.mirror.layout import source_folder
from expsyncd.pull import audit, freshness
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.outcome import Outcome
from expsyncd.pull.puller import Pull
from expsyncd.pull.source import Tally
from expsyncd.state.facts import PullRecord
from expsyncd.state.status import Fresh, LastPull, Pulling, SourceState, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.census import Census
    from expsyncd.pull.source import Lanes, Source, Tools

REPORT_S = 0.25  # between two progress reports of a pull
SERVED_WITHIN_S = 2.0  # between "connected" and the first look of a source
AGAIN_AT_MOST = (
    3  # further pulls in a row, before the interval, after a broken one or for files replaced meanwhile
)
RETRY_S = 3.0  # a broken rsync is no reason to wait for the interval, nor to hurry


class SourceKeeper:
    """`run` keeps the source fresh over one connection; wishes made meanwhile are kept for the next."""

    def __init__(
        self,
        source: Source,
        tools: Tools,
        lanes: Lanes,
        clock: Clock,
        state: SourceState,
        put: Callable[[str, SourceState], None],
        observe: Callable[[dict[str, Any]], None],
        *,
        audit_since: datetime | None = None,
    ) -> None:
        self.source = source
        self.state = state
        self._tools = tools
        self._lanes = lanes
        self._clock = clock
        self._put = put
        self._observe = observe
        self._wish = asyncio.Event()
        self._full_rounds = 0
        self._owed = False
        self._bulk: asyncio.Task[None] | None = None
        self._audit_since = audit_since
        self._audit_slice: int | None = None
        self._again = 0
        self._gone: frozenset[bytes] | None = None
        self._serving: Callable[[], Pull] | None = None
        self._served = asyncio.Event()
        self._census: Census | None = None

    def request(self) -> int:
        """Wish a pull; the number of the full round that will fulfil it (see the `outcome` event)."""
        self._wish.set()
        return self._full_rounds + 1

    def request_audit(self, number: int) -> None:
        """Wish a pull that also compares the `number`-th slice of the mirror by digest."""
        self._audit_slice = number % audit.SLICES
        self._wish.set()

    def unreachable(self, cause: Trouble) -> None:
        """The host cannot be seen."""
        self._show(freshness.unreachable(self.state, cause))

    def plan_next(self, moment: datetime | None) -> None:
        """Remember when the next pull is due."""
        self._show(replace(self.state, next_pull_at=moment))

    async def preview(self) -> dict[str, Any]:
        """What a pull would do now, as a `plan` event. Raises Error when it cannot be known."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._served.wait(), SERVED_WITHIN_S)
        if self._serving is None:
            raise Error(
                f"{self.source.host} is not connected", f"`expsyncd status {self.source.host}` says why"
            )
        pull = self._serving()
        try:
            async with self._lanes.metrics:
                await pull.look()
        except Stopped as stopped:
            trouble = stopped.outcome.trouble or Trouble("the host could not be listed")
            raise Error(trouble.title, trouble.advice) from None
        return self._event("plan", **plan_words(pull))

    async def run(self, reach: Reach) -> None:
        """Serve wishes until cancelled."""
        self._serving = lambda: self._new_pull(reach)
        self._served.set()
        try:
            await self._serve(self._serving)
        finally:
            self._served.clear()
            self._serving = None

    async def _serve(self, new_pull: Callable[[], Pull]) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                await self._wish.wait()
                self._wish.clear()
                pull = new_pull()
                if self._bulk is not None and not self._bulk.done():
                    await self._light(pull)
                    continue
                self._full_rounds += 1
                self._owed = False
                if await self._first_part(pull) and pull.passes.bulk:
                    self._bulk = group.create_task(
                        self._second_part(pull), name=f"bulk {self.source.host}/{self.source.name}"
                    )
                else:
                    await self._finish(pull)

    def _new_pull(self, reach: Reach) -> Pull:
        now = self._clock.now()
        pull_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        return Pull(
            self.source,
            reach,
            self._tools,
            self._lanes,
            Tally(),
            pull_id=pull_id,
            clock=self._clock,
            census=self._census,
        )

    async def _light(self, pull: Pull) -> None:
        self._owed = True
        try:
            async with self._lanes.metrics:
                await pull.look()
                await pull.metrics()
        except (Stopped, Error):
            return  # the full round that is owed meets the same trouble and tells of it
        self._wish_again(pull)

    async def _first_part(self, pull: Pull) -> bool:
        """List and metrics; False when the pull ended early."""
        pull.tally.seen = self._reporter(pull)
        if not isinstance(self.state.status, Fresh):
            # A fresh source stays fresh while it is only looked at, or the word would flicker each interval.
            self._show(replace(self.state, status=Pulling(pull.started_at)))
        try:
            async with self._lanes.metrics:
                await pull.look(audit=await self._audited())
                self._observe(self._event("plan", **plan_words(pull)))
                await pull.metrics()
                if pull.passes.bulk:
                    self._lanes.busy[self.source.name] = frozenset(w.path for w in pull.passes.bulk)
        except Stopped as stopped:
            pull.stop(stopped.outcome)
            return False
        except Error as error:
            pull.stop(Outcome("retry", Trouble(error.title, error.advice)))
            return False
        self._audit_since = self._audit_slice = None
        pull.heard()
        return True

    async def _second_part(self, pull: Pull) -> None:
        try:
            async with self._lanes.bulk:
                await pull.bulk()
        except Stopped as stopped:
            pull.stop(stopped.outcome)
        except Error as error:
            pull.stop(Outcome("retry", Trouble(error.title, error.advice)))
        finally:
            self._lanes.busy.pop(self.source.name, None)
        await self._finish(pull)
        if self._owed:
            self._wish.set()

    async def _finish(self, pull: Pull) -> None:
        self._census = pull.census if pull.outcome.kind == "complete" else None
        outcome, tally = pull.outcome, pull.tally
        seconds = (self._clock.now() - pull.started_at).total_seconds()
        last = LastPull(pull.started_at, outcome.word, tally.files, tally.bytes, max(0.0, seconds))
        emptied = outcome.kind == "complete" and await pull.emptied()
        state = freshness.ended(
            self.state,
            outcome,
            last,
            pull.started_at,
            pull.left,
            gone=len(pull.gone),
            kept=pull.kept,
            emptied=emptied,
        )
        await self._record(pull, last)
        self._show(state)
        trouble = outcome.trouble or Trouble("")
        self._observe(
            self._event(
                "outcome",
                round=self._full_rounds,
                outcome=outcome.word,
                files=last.files,
                bytes=last.bytes,
                seconds=last.seconds,
                title=trouble.title,
                advice=trouble.advice,
            )
        )
        self._wish_again(pull)

    def _wish_again(self, pull: Pull) -> None:
        retry = pull.outcome.kind == "retry"
        self._again = self._again + 1 if pull.again or retry else 0
        if 0 < self._again <= AGAIN_AT_MOST:
            pause_s = RETRY_S if retry else 0.0
            asyncio.get_running_loop().call_later(pause_s, self._wish.set)

    async def _record(self, pull: Pull, last: LastPull) -> None:
        host, name = self.source.host, self.source.name
        detail = pull.outcome.trouble.title if pull.outcome.trouble else ""
        record = PullRecord(
            pull.pull_id, host, name, last.at, last.outcome, last.files, last.bytes, last.seconds, detail
        )
        await self._tools.thread.run(self._tools.facts.add_pull, record)
        gone = frozenset(pull.gone)
        if last.outcome == "complete" and gone != self._gone:
            await self._tools.thread.run(self._tools.facts.set_gone, host, name, sorted(gone), last.at)
            self._gone = gone

    async def _audited(self) -> list[bytes]:
        if self._audit_since is None and self._audit_slice is None:
            return []
        folder = source_folder(self._tools.ground.paths, self.source.host, self.source.name)
        return await asyncio.to_thread(audit.choose, bytes(folder), self._audit_since, self._audit_slice)

    def _reporter(self, pull: Pull) -> Callable[[Tally], None]:
        last = 0.0

        def seen(tally: Tally) -> None:
            nonlocal last
            now = self._clock.monotonic()
            if now - last < REPORT_S or not tally.total_files:
                return
            last = now
            counts = {
                "files": tally.files,
                "bytes": tally.bytes,
                "total_files": tally.total_files,
                "total_bytes": tally.total_bytes,
            }
            self._show(replace(self.state, status=Pulling(pull.started_at, **counts)))
            self._observe(self._event("progress", **counts))

        return seen

    def _event(self, kind: str, **words: Any) -> dict[str, Any]:
        return {"event": kind, "host": self.source.host, "source": self.source.name, **words}

    def _show(self, state: SourceState) -> None:
        self.state = state
        self._put(self.source.name, state)


def plan_words(pull: Pull) -> dict[str, Any]:
    """The `plan` event of a pull."""
    return {
        "files": pull.plan.files,
        "bytes": pull.plan.bytes,
        "grown": len(pull.plan.asked),
        "gone": len(pull.gone),
        "skipped": [{"path": path, "bytes": size, "reason": reason} for path, size, reason in pull.left],
    }
