"""One pull of one source: list, plan, ask, passes, outcome."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from expsyncd.mirror.layout import shown
from expsyncd.pull import local
from expsyncd.pull.carrier import Stopped
from expsyncd.pull.census import Census, nothing_left, taken
from expsyncd.pull.kinds import is_append_only
from expsyncd.pull.listing import MOST_ITEMS, PATH_MAX, Listing, refuse_impossible
from expsyncd.pull.outcome import COMPLETE, Outcome
from expsyncd.pull.place import writing
from expsyncd.pull.plan import Passes, Plan, decide, plan, rules_of
from expsyncd.state.status import Trouble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from datetime import datetime

    from expsyncd.clock import Clock
    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.listing import Item
    from expsyncd.pull.plan import Grown, Wanted
    from expsyncd.pull.rest import Rest
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
        only: Sequence[Item] | None = None,
        most: int | None = MOST_ITEMS,
        rest: Rest | None = None,
    ) -> None:
        """`only`: just these files, which the follower named, in place of a listing.

        `most`: so many at a time. `rest`: where others wait for their turn; what waits there is taken first.
        """
        self.source = source
        self.pull_id = pull_id
        self.started_at: datetime = clock.now()
        self.tally = tally
        self.listing = Listing()
        self.plan = Plan((), (), (), ())
        self.passes = Passes((), (), (), ())
        self.again = False
        self.under_way = False  # some of it was left to a pass that has it already
        self.census = census
        self._only = only
        self._most = most
        self._rest = rest
        self._from_rest = False
        self._leased: frozenset[bytes] | None = None
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

    @property
    def unfinished(self) -> bool:
        """Whether more is to come than was listed, and another round is likely to bring it."""
        return (self._from_rest or self.listing.more > 0) and self.outcome.kind == "partial"

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

    @asynccontextmanager
    async def leased(self) -> AsyncIterator[None]:
        """Around `look` and `metrics`: growing files are not written by anybody else from plan to pass."""
        self._leased = frozenset()
        try:
            yield
        finally:
            self._lanes.leases.release(self.source.name, self._leased)
            self._leased = None

    async def look(self, *, audit: Sequence[bytes] = ()) -> None:
        """List what differs and plan. `audit` names files to compare by digest as well."""
        began_s = asyncio.get_running_loop().time()
        if self._only is not None:
            await self._carrier.place.prepare()
            self.listing = Listing(items=list(self._only))
        elif self._rest is not None and self._most is not None and self._rest.count:
            began_s = await self._take(self._rest, self._most)
        else:
            await self._list(began_s)
        audited = await self._carrier.audit(audit) if audit else Listing()
        listed = {item.path for item in self.listing.items}
        differing = [item for item in audited.items if item.path not in listed]
        self.listing.items += differing
        longest = PATH_MAX - len(bytes(self._carrier.place.backup)) - len("/\0")
        refuse_impossible(self.listing, longest, self._carrier.unaskable)
        await self._lease(began_s)
        # Same size and time but other bytes: rsync's quick check must not believe them equal.
        held = {item.path for item in self.listing.items}
        same_size = [item.path for item in differing if item.same_size and item.path in held]
        await asyncio.to_thread(local.distrust, self._folder, same_size)
        await self._plan()

    async def _lease(self, began_s: float) -> None:
        """Hold what may grow; what grew here since `began_s` is the follower's and no longer this pull's."""
        if self._leased is None:
            return
        growing = {item.path for item in self.listing.items if is_append_only(item.path)}
        self._leased = await self._lanes.leases.take(self.source.name, growing, began_s)
        here_meanwhile = growing - self._leased
        self.listing.items = [item for item in self.listing.items if item.path not in here_meanwhile]

    async def _take(self, rest: Rest, most: int) -> float:
        """The next of what the last listing found beyond; when that began. A listing follows the last."""
        await self._carrier.place.prepare()
        self._from_rest = True
        self.census = None
        self.listing = await asyncio.to_thread(rest.take, most)
        self._note_more()
        return rest.began_s

    async def _listed(self, *, gone: bool, began_s: float) -> Listing:
        rest = self._rest
        if rest is None:
            return await self._carrier.listing(gone=gone, most=self._most)
        rest.clear()
        found = await self._carrier.listing(gone=gone, most=self._most, beyond=rest.add)
        rest.keep(found, began_s, asyncio.get_running_loop().time())
        return found

    def _note_more(self) -> None:
        title = (
            f"{self.listing.more} more files are to come" if self.listing.more else "a last look is to come"
        )
        trouble = Trouble(title, "the next round brings them, at once")
        self._carrier.troubles.append(Outcome("partial", trouble))

    async def _list(self, began_s: float) -> None:
        before = self.census
        self.listing = await self._listed(gone=before is None, began_s=began_s)
        asked = self.listing.gone_known
        if before is not None and not asked:
            if nothing_left(before, self.listing):
                self.listing.gone = list(before.gone)
            else:
                self.listing = await self._listed(gone=True, began_s=began_s)
                asked = True
        self.census = taken(self.listing, before, asked=asked)
        if self.listing.more:
            self._note_more()
        if self._carrier.troubles:
            self.census = None

    async def _plan(self) -> None:
        source = self.source
        with writing():
            paths = [item.path for item in self.listing.items]
            here = await asyncio.to_thread(local.look, self._folder, paths)
        rules = rules_of(source, self._tools.room())
        busy = self._lanes.busy.get(source.name, frozenset())
        self.plan = plan(self.listing, here, rules, busy=busy)
        self.under_way = any(item.path in busy for item in self.listing.items)
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
        # Replaced by as many bytes, maybe with the same time: the quick check of the pass must not skip them.
        alike = [g.path for g in self.plan.asked if g.path not in same and g.size == g.here]
        # What `same` has brought for it must not lie about: nothing may fail in between.
        if self.passes.grow:
            await self._grow(self.passes.grow)
        await asyncio.to_thread(local.distrust, self._folder, alike)
        await self._carrier.place.set_aside(self.plan.aside)
        await self._bring(self.passes.metrics, "metrics")

    async def _grow(self, grown: Sequence[Grown]) -> None:
        with self._carrier.place.replacing():
            changed = await self._carrier.grow(grown)
        if changed:
            # They lose our trust, so that the next pull, at once, sees them as replaced and keeps our bytes.
            # Also what was just appended: it may have been the whole of the file before it was replaced.
            self.again = True
            await asyncio.to_thread(local.distrust, self._folder, changed)

    async def small(self) -> None:
        """What is no metrics and small."""
        await self._bring(self.passes.small, "small", sparse=True)

    async def bulk(self) -> None:
        """Everything else, small before large."""
        await self.small()
        await self._bring(self.passes.large, "large", sparse=True, whole_progress=True)

    async def _bring(
        self, wanted: Sequence[Wanted], name: str, *, sparse: bool = False, whole_progress: bool = False
    ) -> None:
        with self._carrier.place.replacing():
            await self._carrier.bring(wanted, name, sparse=sparse, whole_progress=whole_progress)
