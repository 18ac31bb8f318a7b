"""Keeps one source fresh: waits for wishes, runs pulls, turns outcomes into state.

A full round lists, takes metrics and then everything else. While its bulk part runs, wishes make light
rounds (list and metrics only), so that a point never waits for an archive; a full round follows. What the
follower names comes by rounds of just those paths.
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
from expsyncd.pull.carrier import Stopped, why
from expsyncd.pull.listing import MOST_ITEMS
from expsyncd.pull.named import Named
from expsyncd.pull.puller import Pull
from expsyncd.pull.rounds import Rounds
from expsyncd.pull.source import Tally
from expsyncd.pull.telling import Telling
from expsyncd.state.status import Fresh, SourceState, Trouble

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.census import Census
    from expsyncd.pull.listing import Item
    from expsyncd.pull.rest import Rest
    from expsyncd.pull.rhythm import Rhythm
    from expsyncd.pull.source import Lanes, Source, Tools
    from expsyncd.state.follow import FollowState

SERVED_WITHIN_S = 2.0  # between "connected" and the first look of a source
# Further pulls in a row, before the interval, after a broken one or for files replaced meanwhile.
AGAIN_AT_MOST = 3
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
        rhythm: Rhythm,
        audit_since: datetime | None = None,
        most: int = MOST_ITEMS,
    ) -> None:
        """`most`: so many files are planned at a time."""
        self.source = source
        self.rhythm = rhythm
        self._tools = tools
        self._lanes = lanes
        self._clock = clock
        self._telling = Telling(source, tools, clock, state, put, observe)
        self._wish = asyncio.Event()
        self._named = Named(
            lanes, self._telling, rhythm, self._wish.set,
            lambda left: self._show(freshness.left_out(self.state, left)), self._wish_after_bulk,
        )  # fmt: skip
        self._full_rounds = 0
        self._owed = False
        self._looking = False
        self._bulk: asyncio.Task[None] | None = None
        self._audit_since = audit_since
        self._audit_slice: int | None = None
        self._doubted: set[bytes] = set()
        self._again = 0
        self._rounds = Rounds(tools.ground.paths.incoming, most)
        self._serving: Callable[[], Pull] | None = None
        self._served = asyncio.Event()
        self._census: Census | None = None

    @property
    def _bulk_runs(self) -> bool:
        return self._bulk is not None and not self._bulk.done()

    @property
    def state(self) -> SourceState:
        """What is known of the source."""
        return self._telling.state

    def request(self) -> int:
        """Wish a pull; the number of the full round that will fulfil it (see the `outcome` event)."""
        self._wish.set()
        return self._full_rounds + 1

    def request_by_clock(self) -> None:
        """The interval is over: wish a pull, unless the source is followed and was pulled not long ago."""
        if not self.rhythm.rests():
            self._wish.set()

    def request_paths(self, paths: Mapping[bytes, int] | None) -> None:
        """Wish a pull of just these files, by their sizes on the host, or soon of all (None)."""
        self._named.add(paths)

    def left(self, path: bytes) -> None:
        """A file is no longer on the host."""
        self._named.left(path)

    def request_audit(self, number: int) -> None:
        """Wish a pull that also compares the `number`-th slice of the mirror by digest."""
        self._audit_slice = number % audit.SLICES
        self._wish.set()

    def request_check(self, path: bytes) -> None:
        """Wish a pull that also compares this file of the mirror by digest: it does not look sound."""
        self._doubted.add(path)
        self._wish.set()

    def unreachable(self, cause: Trouble) -> None:
        """The host cannot be seen."""
        self._show(freshness.unreachable(self.state, cause))

    def plan_next(self, after: Callable[[datetime | None], datetime | None]) -> None:
        """Remember the schedule: when it first wishes a pull at or after a moment, None is now."""
        self.rhythm.plan(after)
        self._show(self.state)

    def followed(self, follow: FollowState) -> None:
        """How the source is followed now."""
        self.rhythm.followed(follow)
        self._show(replace(self.state, follow=follow))

    def confirm(self, as_of: datetime) -> None:
        """The host has told all that changed before `as_of`, and it is here unless a pull is under way."""
        busy = self._looking or self._wish.is_set() or self._named.waiting or self._bulk_runs
        status = self.state.status
        if not busy and isinstance(status, Fresh) and as_of > status.as_of:
            self._show(replace(self.state, status=Fresh(as_of), lag_seconds=0.0, lag_as_of=as_of))

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
        return self._telling.plan(pull)

    async def run(self, reach: Reach) -> None:
        """Serve wishes until cancelled."""
        self._serving = lambda: self._new_pull(reach)
        self._served.set()
        try:
            async with asyncio.TaskGroup() as group:
                name = f"{self.source.host}/{self.source.name}"
                group.create_task(self._named.run(reach, self._new_pull), name=f"named files of {name}")
                await self._serve(group, reach)
        finally:
            self._served.clear()
            self._serving = None
            self._lanes.busy.pop(self.source.name, None)  # of a bulk pass that was cut off before it began
            self._rounds.begin_again()

    async def _serve(self, group: asyncio.TaskGroup, reach: Reach) -> None:
        while True:
            self._looking = False
            await self._wish.wait()
            self._wish.clear()
            self._looking = True
            if self._bulk_runs:
                await self._light(reach)
                continue
            pull = self._new_pull(reach, rest=self._rounds.rest)
            self._full_rounds += 1
            self._owed = False
            self.rhythm.begins(pull.started_at)
            with self._telling.looking(pull):
                first = await self._first_part(pull)
            if first and pull.passes.bulk:
                name = f"bulk {self.source.host}/{self.source.name}"
                self._bulk = group.create_task(self._second_part(pull), name=name)
            else:
                await self._finish(pull)

    def _new_pull(self, reach: Reach, only: Sequence[Item] | None = None, rest: Rest | None = None) -> Pull:
        now = self._clock.now()
        pull_id = f"{now:%Y%m%dT%H%M%S}-{secrets.token_hex(4)}"
        return Pull(
            self.source, reach, self._tools, self._lanes, Tally(), pull_id=pull_id, clock=self._clock,
            census=self._census, only=only, most=self._rounds.most, rest=rest,
        )  # fmt: skip

    async def _light(self, reach: Reach) -> None:
        self._owed = True
        if self._rounds.waiting:
            return  # all was listed not long ago, for what that takes
        pull = self._new_pull(reach)
        try:
            async with self._lanes.metrics, pull.leased():
                await pull.look()
                await pull.metrics()
        except (Stopped, Error):
            return  # the full round that is owed meets the same trouble and tells of it
        self._wish_again(pull)

    async def _first_part(self, pull: Pull) -> bool:
        """List and metrics; False when the pull ended early."""
        pull.tally.seen = self._telling.reporter(pull)
        number = self._audit_slice
        try:
            async with self._lanes.metrics, pull.leased():
                await pull.look(audit=(audited := await self._audited()))
                self._telling.planned(pull)
                await pull.metrics()
                if pull.passes.bulk:
                    self._lanes.busy[self.source.name] = frozenset(w.path for w in pull.passes.bulk)
        except (Stopped, Error) as ended:
            pull.stop(why(ended))
            return False
        self._audit_since = None
        if self._audit_slice == number:  # another one may have been wished meanwhile
            self._audit_slice = None
        self._doubted.difference_update(audited)
        pull.heard()
        return True

    async def _second_part(self, pull: Pull) -> None:
        try:
            async with self._lanes.bulk:
                await pull.bulk()
        except (Stopped, Error) as ended:
            pull.stop(why(ended))
        finally:
            self._lanes.busy.pop(self.source.name, None)
        await self._finish(pull)
        if self._owed:
            self._wish.set()

    async def _finish(self, pull: Pull) -> None:
        await self._telling.record(pull)
        complete = pull.outcome.kind == "complete"
        self._census = pull.census if complete else None
        last = self._telling.last(pull)
        emptied = complete and await pull.emptied()
        state = freshness.ended(
            self.state,
            pull.outcome,
            last,
            pull.started_at,
            pull.left,
            gone=len(pull.gone),
            kept=pull.kept,
            emptied=emptied,
        )
        self.rhythm.ended(pull.started_at, complete=complete, files=last.files)
        self._show(replace(state, follow=self.state.follow))  # which the rhythm may just have changed
        if self._rounds.ended(pull, last.files):
            self._wish.set()
            return
        self._telling.ended(pull, last, self._full_rounds)
        self._wish_again(pull)

    def _wish_again(self, pull: Pull) -> None:
        retry = pull.outcome.kind == "retry"
        self._again = self._again + 1 if pull.again or retry else 0
        if 0 < self._again <= AGAIN_AT_MOST:
            pause_s = RETRY_S if retry else 0.0
            asyncio.get_running_loop().call_later(pause_s, self._wish.set)

    def _wish_after_bulk(self) -> None:
        self._owed = True
        if not self._bulk_runs:
            self._wish.set()

    async def _audited(self) -> list[bytes]:
        if self._audit_since is None and self._audit_slice is None:
            return sorted(self._doubted)
        folder = source_folder(self._tools.ground.paths, self.source.host, self.source.name)
        chosen = await asyncio.to_thread(audit.choose, bytes(folder), self._audit_since, self._audit_slice)
        return sorted(self._doubted.union(chosen))

    def _show(self, state: SourceState) -> None:
        self._telling.show(replace(state, next_pull_at=self.rhythm.next_at()))
