"""One pull of one source: list, plan, ask, passes, outcome."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import shown
from expsyncd.pull import local
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.census import Census, nothing_left, taken
from expsyncd.pull.listing import Listing
from expsyncd.pull.outcome import COMPLETE, Outcome
from expsyncd.pull.plan import Passes, Plan, Rules, decide, plan
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.plan import Grown
    from expsyncd.pull.source import Lanes, Source, Tally, Tools


class Pull:
    """Call `look`, then `metrics`, then `bulk`; each may raise Stopped. Not reused."""

    def __init__(
        self,
        source: Source,
        reach: Reach,
        tools: Tools,
        lanes: Lanes,
        tally: Tally,
        *,
        pull_id: str,
        clock: Clock,
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
        self._reach = reach
        self._tools = tools
        self._lanes = lanes
        self._carrier = reach.carrier(source, tools, tally, pull_id, clock)

    @property
    def _folder(self) -> bytes:
        return bytes(self._carrier.place.folder)

    @property
    def outcome(self) -> Outcome:
        """The worst that happened."""
        order = ("give-up", "missing", "disk", "retry", "partial")
        return min(self._carrier.troubles, key=lambda o: order.index(o.kind), default=COMPLETE)

    def heard(self) -> None:
        """Tell the connection that the host answered: no round trip is needed to prove it alive."""
        self._reach.heard()

    def stop(self, outcome: Outcome) -> None:
        """Note why the pull ended early."""
        self._carrier.troubles.append(outcome)

    @property
    def kept(self) -> int:
        """How many old files went to versions."""
        return self._carrier.place.kept

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
        return await asyncio.to_thread(local.has_files, self._folder)

    async def look(self, *, audit: Sequence[bytes] = ()) -> None:
        """List what differs and plan. `audit` names files to compare by digest as well."""
        before = self.census
        self.listing = await self._carrier.listing(gone=before is None)
        asked = self.listing.gone_known
        if before is not None and not asked:
            if nothing_left(before, self.listing):
                self.listing.gone = list(before.gone)
            else:
                self.listing = await self._carrier.listing(gone=True)
                asked = True
        self.census = taken(self.listing, before, asked=asked)
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
        await asyncio.to_thread(local.distrust, self._folder, same_size)

    async def _plan(self) -> None:
        source = self.source
        here = await asyncio.to_thread(local.look, self._folder, [item.path for item in self.listing.items])
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
        same = await self._carrier.same(self.plan.asked) if self.plan.asked else set()
        self.passes = decide(self.plan, same)
        await self._carrier.place.set_aside(self.plan.aside)
        if self.passes.grow:
            await self._grow(self.passes.grow)
        await self._carrier.bring(self.passes.metrics, "metrics")

    async def _grow(self, grown: Sequence[Grown]) -> None:
        changed = await self._carrier.grow(grown)
        if changed:
            # They lose our trust, so that the next pull, at once, sees them as replaced and keeps our bytes.
            self.again = True
            await asyncio.to_thread(local.distrust, self._folder, changed)

    async def bulk(self) -> None:
        """Everything else, small before large."""
        await self._carrier.bring(self.passes.small, "small", sparse=True)
        await self._carrier.bring(self.passes.large, "large", sparse=True, whole_progress=True)
