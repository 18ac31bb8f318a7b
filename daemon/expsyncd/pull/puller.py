"""One pull of one source: list, plan, ask, passes, outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import shown
from expsyncd.pull import local
from expsyncd.pull.carry import Carrier, Stopped
from expsyncd.pull.census import Census, nothing_left, taken
from expsyncd.pull.grown import ask_whether_grown
from expsyncd.pull.listing import Listing
from expsyncd.pull.outcome import COMPLETE, Outcome
from expsyncd.pull.plan import Passes, Plan, Rules, decide, plan
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.pull.command import Remote
    from expsyncd.pull.plan import Grown
    from expsyncd.pull.source import Commands, Lanes, Source, Tally, Tools


class Pull:
    """Call `look`, then `metrics`, then `bulk`; each may raise Stopped. Not reused."""

    def __init__(
        self,
        source: Source,
        remote: Remote,
        connection: Commands,
        tools: Tools,
        lanes: Lanes,
        tally: Tally,
        *,
        pull_id: str,
        clock: Clock,
        digest_program: str | None,
        census: Census | None = None,
    ) -> None:
        self.source = source
        self.pull_id = pull_id
        self.started_at: datetime = clock.now()
        self.tally = tally
        self.listing = Listing()
        self.plan = Plan((), (), (), ())
        self.passes = Passes((), (), (), ())
        self.again = False
        self.census = census
        self._connection = connection
        self._tools = tools
        self._lanes = lanes
        self._digest_program = digest_program
        self._carrier = Carrier(source, remote, tools, tally, pull_id, clock)

    @property
    def outcome(self) -> Outcome:
        """The worst that happened."""
        order = ("give-up", "missing", "disk", "retry", "partial")
        return min(self._carrier.troubles, key=lambda o: order.index(o.kind), default=COMPLETE)

    def heard(self) -> None:
        """Tell the connection that the host answered: no round trip is needed to prove it alive."""
        self._connection.heard()

    def stop(self, outcome: Outcome) -> None:
        """Note why the pull ended early."""
        self._carrier.troubles.append(outcome)

    @property
    def kept(self) -> int:
        """How many old files went to versions."""
        return self._carrier.kept

    @property
    def left(self) -> list[tuple[str, int, str]]:
        """(path, bytes, reason) of everything left out, harmless for a terminal."""
        return [(shown(left.path), left.size, left.reason) for left in self.plan.left]

    @property
    def gone(self) -> list[bytes]:
        """Files that are here and no longer on the host."""
        return [path for path in self.listing.gone if not path.endswith(b"/")]

    async def emptied(self) -> bool:
        """Whether the host's folder holds no file at all while the mirror does."""
        if self.listing.files != 0:
            return False
        return await asyncio.to_thread(local.has_files, bytes(self._carrier.folder))

    async def look(self, *, audit: Sequence[bytes] = ()) -> None:
        """List what differs and plan. `audit` names files to compare by digest as well."""
        before = self.census
        self.listing = await self._carrier.listing(gone=before is None)
        if before is not None and nothing_left(before, self.listing):
            self.listing.gone = list(before.gone)
            self.census = taken(self.listing, before, asked=False)
        else:
            if before is not None:
                self.listing = await self._carrier.listing(gone=True)
            self.census = taken(self.listing, before, asked=True)
        if self._carrier.troubles:
            self.census = None
        if audit:
            await self._audit(audit)
        await self._plan()

    async def _audit(self, paths: Sequence[bytes]) -> None:
        audited = await self._carrier.audit(paths)
        listed = {item.path for item in self.listing.items}
        differing = [item for item in audited.items if item.path not in listed]
        self.listing.items += differing
        # Same size and time but other bytes: rsync's quick check must not believe them equal.
        same_size = [item.path for item in differing if item.same_size]
        await asyncio.to_thread(local.distrust, bytes(self._carrier.folder), same_size)

    async def _plan(self) -> None:
        source = self.source
        here = await asyncio.to_thread(
            local.look, bytes(self._carrier.folder), [item.path for item in self.listing.items]
        )
        rules = Rules(
            max_size=source.max_size,
            skip_patterns=source.skip_patterns,
            skip_over=source.skip_over,
            named=bool(source.include),
            max_entries=source.max_entries,
            room=self._tools.room(),
        )
        busy = self._lanes.busy.get(source.name, frozenset())
        self.plan = plan(self.listing, here, rules, busy=busy)
        if self.plan.too_many:
            raise Stopped(
                Outcome(
                    "give-up",
                    Trouble(
                        f"{self.listing.entries} entries on the host, the limit is {source.max_entries}",
                        "name a smaller folder, use `exclude:`, or raise max_entries",
                    ),
                )
            )
        if any(left.missing for left in self.plan.left):
            advice = "make room or lower min_free; it goes on by itself"
            trouble = Trouble("no room left on the root's disk", advice)
            self._carrier.troubles.append(Outcome("disk", trouble))
        self.tally.total_files = self.plan.files
        self.tally.total_bytes = self.plan.bytes
        self.tally.add(0, 0)

    async def metrics(self) -> None:
        """Decide what grew, append it, then replace or add the other metrics files."""
        same = await self._same(self.plan.asked)
        self.passes = decide(self.plan, same)
        await self._carrier.set_aside(self.plan.aside)
        if self.passes.grow:
            await self._grow(self.passes.grow)
        await self._carrier.fetch(self.passes.metrics, "metrics")

    async def _grow(self, grown: Sequence[Grown]) -> None:
        after = await self._carrier.grow(grown)
        # Between the question and the pass the host may have replaced a file by a longer one; what we
        # appended would then follow other bytes. Asking again, with our new lengths, shows it; such a file
        # loses our trust, so that the next pull, at once, sees it as replaced and keeps our bytes.
        there = [g for g in grown if g.path in after]
        still = await self._same(there, here=after)
        changed = [g.path for g in there if g.path not in still]
        if changed:
            self.again = True
            await asyncio.to_thread(local.distrust, bytes(self._carrier.folder), changed)

    async def _same(self, grown: Sequence[Grown], *, here: dict[bytes, int] | None = None) -> set[bytes]:
        return await ask_whether_grown(
            grown,
            self.source,
            self._carrier.folder,
            self._connection,
            self._tools,
            self._digest_program,
            here=here,
        )

    async def bulk(self) -> None:
        """Everything else, small before large."""
        await self._carrier.fetch(self.passes.small, "small", sparse=True)
        await self._carrier.fetch(self.passes.large, "large", sparse=True, whole_progress=True)
