"""Verdicts: what is known of each run beside its files, and the rows that follow from it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from sys import intern
from typing import TYPE_CHECKING

from expsyncd.runs.rhythm import power_of
from expsyncd.runs.stalls import End, Evidence, Sight, job_end, judge
from expsyncd.state.measured import MeasuredRow
from expsyncd.state.runs import RunsState
from expsyncd.state.status import Connected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from expsyncd.clock import Clock
    from expsyncd.runs.find import RunSeen
    from expsyncd.runs.gather import Gathered
    from expsyncd.runs.rhythm import Gaps
    from expsyncd.state.facts import Facts
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import RunKey
    from expsyncd.state.tracker import Tracker


class Verdicts:
    """Rows of runs; `settle` one after it was read, `judge` all of them as time goes by."""

    def __init__(
        self,
        facts: Facts,
        tracker: Tracker,
        clock: Clock,
        names: Callable[[Iterable[RunSeen]], Mapping[RunKey, str]],
        stalled_after: float,
    ) -> None:
        self.stalled_after = stalled_after
        self._facts = facts
        self._tracker = tracker
        self._clock = clock
        self._names = names
        self._named: Mapping[RunKey, str] = {}
        self._rows: dict[RunKey, MeasuredRow] = {}
        self._gathered: dict[RunKey, tuple[Gathered, int | None]] = {}
        self._seen_gaps: dict[RunKey, Gaps] = {}
        self._jobs: dict[RunKey, JobRow] = {}
        self._ahead: dict[RunKey, tuple[float, float]] = {}  # time stamp, and when it was first seen
        self._gone: dict[tuple[str, str], Mapping[bytes, float]] = {}

    def remember(self, rows: dict[RunKey, MeasuredRow]) -> None:
        """The rows that the catalogue holds of runs that are there."""
        self._rows = rows
        self._gathered.clear()

    def drop(self, key: RunKey) -> None:
        """A run went."""
        for table in (self._rows, self._gathered, self._seen_gaps, self._jobs, self._ahead):
            table.pop(key, None)

    def ask_facts(self, sources: Iterable[tuple[str, str]]) -> None:
        """Jobs, and files of these sources that are no longer on the host. In the database thread."""
        self._jobs = {}
        for job in reversed(self._facts.jobs.known()):  # the newest one counts
            if job.source:
                self._jobs[job.host, job.source, job.inside] = job
        self._gone = {
            (host, source): {path: at.timestamp() for path, at in self._facts.gone(host, source).items()}
            for host, source in sources
        }

    def settle(
        self, seen: RunSeen, gathered: Gathered, step: int | None, runs: Mapping[RunKey, RunSeen]
    ) -> list[MeasuredRow]:
        """A run was read; the rows that change with it."""
        if not gathered.measures:
            self.drop(seen.key)
            return []
        before = self._rows.get(seen.key)
        if before is not None and not gathered.gaps and before.newest_at:
            self._note_growth(seen, before.newest_at)
        self._gathered[seen.key] = gathered, step
        if seen.key not in self._named:  # other new ones are named when all are judged
            self._name(runs)
        return self._changed([seen])

    def judge(self, runs: Mapping[RunKey, RunSeen]) -> tuple[list[MeasuredRow], RunsState]:
        """All rows that changed since, and what status says; may be called in a thread."""
        self._name(runs)
        rows = self._changed(seen for key, seen in runs.items() if key in self._gathered)
        states = Counter(row.state for row in self._rows.values())
        return rows, RunsState(len(self._rows), states["growing"], states["stalled"], states["failed"])

    def _changed(self, wanted: Iterable[RunSeen]) -> list[MeasuredRow]:
        changed = []
        for seen in wanted:
            row = self._row(seen)
            if row != self._rows.get(seen.key):
                changed.append(row)
            self._rows[seen.key] = row  # also the same one: its texts are those of other tables
        return changed

    def _name(self, runs: Mapping[RunKey, RunSeen]) -> None:
        wanted = [seen for key, seen in runs.items() if key in self._gathered or seen.shown]
        if len(wanted) != len(self._named) or not all(seen.key in self._named for seen in wanted):
            self._named = self._names(wanted)

    def _note_growth(self, seen: RunSeen, before: float) -> None:
        """Files that do not say when their rows were written: how often they grow says it as well."""
        grown = _newest(seen)
        if grown > before:
            gaps = self._seen_gaps.setdefault(seen.key, {})
            power = power_of(grown - before)
            count, seconds = gaps.get(power, (0, 0.0))
            gaps[power] = (count + 1, seconds + grown - before)

    def _row(self, seen: RunSeen) -> MeasuredRow:
        gathered, step = self._gathered[seen.key]
        sight = self._sight(seen.host, seen.source)
        newest = max(_newest(seen), gathered.beat_at or 0.0)
        ends = gathered.ends
        job = self._jobs.get(seen.key)
        if job is not None and (end := job_end(job.state, job.ended, job.ended_at)) is not None:
            ends = _with_job(end, ends)
        known = Evidence(
            self._grown_at(seen.key, newest, sight.now),
            gathered.gaps or self._seen_gaps.get(seen.key, {}),
            ends,
            self._gone_at(seen),
            gathered.queued,
        )
        state, why = judge(known, sight, self.stalled_after)
        metrics = [file for file in seen.files if file.grows and file.kind != "log"]
        return MeasuredRow(
            *seen.key,
            name=self._named.get(seen.key, ""),
            kind=seen.kind,
            state=state,
            why=intern(why),  # many runs were last seen in the same minute
            began_at=gathered.began_at,
            newest_at=newest,
            step=step,
            files=len(metrics),
            bytes=sum(file.size for file in metrics),
            trouble=gathered.trouble,
            log=seen.log,
        )

    def _grown_at(self, key: RunKey, newest: float, now: float) -> float:
        """A file from the future, by its time stamp, grew when it was first seen with that stamp."""
        if newest <= now:
            self._ahead.pop(key, None)
            return newest
        stamp, seen_at = self._ahead.get(key, (None, now))
        if stamp != newest:
            seen_at = now
        self._ahead[key] = newest, seen_at
        return min(seen_at, now)

    def _gone_at(self, seen: RunSeen) -> float | None:
        """Since when all its metrics are no longer on the host."""
        gone = self._gone.get((seen.host, seen.source), {})
        metrics = [file.path for file in seen.files if file.grows and file.kind != "log"]
        if not metrics or not all(path in gone for path in metrics):
            return None
        return max(gone[path] for path in metrics)

    def _sight(self, host: str, source: str) -> Sight:
        now = self._clock.now().timestamp()
        state = self._tracker.snapshot.hosts.get(host)
        if state is None or source not in state.sources:
            return Sight(now, None, pulled=False)
        offset = state.clock_offset_s or 0.0
        there = state.sources[source]
        if there.follow.healthy and isinstance(state.status, Connected):
            return Sight(now + offset, now + offset)
        seen_at = there.last_success_at
        return Sight(now + offset, None if seen_at is None else seen_at.timestamp() + offset)


def _newest(seen: RunSeen) -> float:
    return max((file.mtime_ns for file in seen.files if file.grows), default=0) / 1e9


def _with_job(job: End, ends: tuple[End, ...]) -> tuple[End, ...]:
    """A job that failed tells more than a log; that it completed says only that its script ended."""
    if job.state == "failed":
        return (job, *ends)
    own = [replace(end, why=f"{end.why}; {job.why}") for end in ends]
    return (*own, job)
