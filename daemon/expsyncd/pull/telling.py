"""What the pulls of one source tell: the source's state, events for who waits, and facts."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error, NeedsUserError
from expsyncd.pull.carrier import why
from expsyncd.state.facts import PullRecord
from expsyncd.state.status import Fresh, LastPull, Pulling, SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from expsyncd.clock import Clock
    from expsyncd.pull.puller import Pull
    from expsyncd.pull.source import Source, Tally, Tools

REPORT_S = 0.25  # between two progress reports of a pull
# A look at a source that is fresh takes less on a host that is well, and is not worth a word.
LOOKS_LONG_S = 5.0


class Telling:
    """`state` is the source's; `show` puts a new one."""

    def __init__(
        self,
        source: Source,
        tools: Tools,
        clock: Clock,
        state: SourceState,
        put: Callable[[str, SourceState], None],
        observe: Callable[[dict[str, Any]], None],
    ) -> None:
        self.state = state
        self._source = source
        self._tools = tools
        self._clock = clock
        self._put = put
        self._observe = observe
        self._gone: frozenset[bytes] | None = None

    def show(self, state: SourceState) -> None:
        """The one way in which the source's state changes."""
        if state != self.state:
            self.state = state
            self._put(self._source.name, state)

    def event(self, kind: str, **words: Any) -> dict[str, Any]:
        """One event of a pull."""
        return {"event": kind, "host": self._source.host, "source": self._source.name, **words}

    def plan(self, pull: Pull) -> dict[str, Any]:
        """The `plan` event of a pull."""
        return self.event(
            "plan",
            files=pull.plan.files + pull.listing.more,
            bytes=pull.plan.bytes + pull.listing.more_bytes,
            grown=len(pull.plan.asked),
            gone=len(pull.gone),
            skipped=[{"path": path, "bytes": size, "reason": reason} for path, size, reason in pull.left],
        )

    @contextmanager
    def looking(self, pull: Pull) -> Generator[None]:
        """Show that a pull is under way; of a fresh source only once it takes long.

        Or the word would flicker each interval; and a host whose disk hangs is not pulled "in 0 s".
        """

        def show() -> None:
            if not isinstance(self.state.status, Pulling):
                self.show(replace(self.state, status=Pulling(pull.started_at)))

        if not isinstance(self.state.status, Fresh):
            show()
        timer = asyncio.get_running_loop().call_later(LOOKS_LONG_S, show)
        try:
            yield
        finally:
            timer.cancel()

    def planned(self, pull: Pull) -> None:
        """Tell who waits what is to come."""
        self._observe(self.plan(pull))

    def ended(self, pull: Pull, last: LastPull, number: int) -> None:
        """Tell who waits how the full round `number` ended."""
        trouble = pull.outcome.trouble
        self._observe(
            self.event(
                "outcome",
                round=number,
                outcome=last.outcome,
                files=last.files,
                bytes=last.bytes,
                seconds=last.seconds,
                title=trouble.title if trouble else "",
                advice=trouble.advice if trouble else "",
            )
        )

    def last(self, pull: Pull) -> LastPull:
        """How a pull that ends now went."""
        seconds = (self._clock.now() - pull.started_at).total_seconds()
        tally = pull.tally
        return LastPull(pull.started_at, pull.outcome.word, tally.files, tally.bytes, max(0.0, seconds))

    async def came(self, pull: Pull) -> None:
        """Tell of files that came by a round of named ones."""
        with _unless_refused(pull):
            await self._record(pull, self.last(pull))
        last = self.last(pull)
        self.show(replace(self.state, last_pull=last, kept=self.state.kept + pull.kept))

    async def record(self, pull: Pull) -> None:
        """Keep how a full round went; where facts.db takes nothing, that is how it ended."""
        last = self.last(pull)
        with _unless_refused(pull):
            await self._record(pull, last)
            await self._record_gone(pull, last)

    async def _record(self, pull: Pull, last: LastPull) -> None:
        detail = pull.outcome.trouble.title if pull.outcome.trouble else ""
        record = PullRecord(
            pull.pull_id, self._source.host, self._source.name, last.at, last.outcome, last.files, last.bytes,
            last.seconds, detail,
        )  # fmt: skip
        await self._tools.thread.run(self._tools.facts.add_pull, record)

    async def _record_gone(self, pull: Pull, last: LastPull) -> None:
        """Keep what is here and no longer on the host, as a complete full round found it."""
        gone = frozenset(pull.gone)
        if last.outcome == "complete" and gone != self._gone:
            host, name = self._source.host, self._source.name
            await self._tools.thread.run(self._tools.facts.set_gone, host, name, sorted(gone), last.at)
            self._gone = gone

    def reporter(self, pull: Pull) -> Callable[[Tally], None]:
        """What shows a pull's progress."""
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
            self.show(replace(self.state, status=Pulling(pull.started_at, **counts)))
            self._observe(self.event("progress", **counts))

        return seen


@contextmanager
def _unless_refused(pull: Pull) -> Generator[None]:
    """What may pass, say a full disk, is told and tried again as all else is; only a person mends damage."""
    try:
        yield
    except NeedsUserError:
        raise
    except Error as refused:
        pull.stop(why(refused))
