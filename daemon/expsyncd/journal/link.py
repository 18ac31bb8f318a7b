"""Which command started which run: scored by names, settings, times and jobs, and explained. Pure.

Never silently wrong: a run that two commands fit equally well is linked to neither, and both say so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.journal.evidence import LINKED_FROM, MARGIN, Evidence, weigh
from expsyncd.journal.naming import joins, name_of, names_in, script_of, telling
from expsyncd.state.entries import LinkRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.state.entries import EntryRow
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import RunKey

CANDIDATES_MOST = 200  # runs that one command is weighed against
NAMED_MOST = 3  # in a sentence


@dataclass(frozen=True)
class LinkRun:
    """A run as far as links need it. `began_at`: seconds since 1970."""

    key: RunKey
    name: str
    began_at: float | None = None
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def parts(self) -> list[str]:
        """Folder names that may name it; all of them where none does."""
        inside = self.key[2].decode("utf-8", "surrogateescape")
        return telling(inside.split("/")) or [part for part in inside.split("/") if part]


@dataclass(frozen=True)
class Linked:
    """Links, best first, and why other entries have none."""

    links: tuple[LinkRow, ...]
    unlinked: Mapping[str, str]


def link(
    entries: Sequence[EntryRow],
    runs: Sequence[LinkRun],
    jobs: Iterable[JobRow] = (),
    hand: Mapping[tuple[str, RunKey], bool] | None = None,
    oldest: Mapping[tuple[str, bytes], float] | None = None,
) -> Linked:
    """Link them. `hand`: what the person said, which wins. `oldest`: when each script was first seen."""
    hand, oldest = hand or {}, oldest or {}
    jobs_of: dict[RunKey, list[JobRow]] = defaultdict(list)
    for job in jobs:
        jobs_of[job.host, job.source, job.inside].append(job)
    index = _Index(runs, jobs_of)
    by_run: dict[RunKey, list[tuple[Evidence, EntryRow]]] = defaultdict(list)
    near: dict[str, Evidence] = {}
    for entry in entries:
        from_start = entry.first_seen_at <= oldest.get((entry.host, entry.script), entry.first_seen_at)
        for run in index.candidates(entry):
            if hand.get((entry.entry, run.key)) is None:
                found = weigh(entry, run, jobs_of.get(run.key, ()), from_start=from_start)
                by_run[run.key].append((found, entry))
                if entry.entry not in near or found.score > near[entry.entry].score:
                    near[entry.entry] = found
    names = {run.key: run.name for run in runs}
    links = [
        LinkRow(entry, *key, 1.0, "you said so", by_hand=True) for (entry, key), yes in hand.items() if yes
    ]
    taken = {key for (_, key), yes in hand.items() if yes}
    doubts: dict[str, list[str]] = defaultdict(list)
    for key, weighed in by_run.items():
        if key not in taken:
            links += _best(key, names[key], weighed, doubts)
    links = _only_one(links, names, doubts)
    linked = {row.entry for row in links}
    unlinked = {
        entry.entry: _why(entry, doubts.get(entry.entry, []), near.get(entry.entry), bool(runs))
        for entry in entries
        if entry.entry not in linked
    }
    links.sort(key=lambda row: (-row.score, row.entry, row.host, row.source, row.inside))
    return Linked(tuple(links), unlinked)


def _best(
    key: RunKey, name: str, found: list[tuple[Evidence, EntryRow]], doubts: dict[str, list[str]]
) -> list[LinkRow]:
    """The one entry that fits a run; none where two do, which is said of both."""
    good = sorted((one for one in found if one[0].score >= LINKED_FROM), key=lambda one: -one[0].score)
    if not good:
        return []
    close = [one for one in good if one[0].score > good[0][0].score - MARGIN]
    if len(close) > 1:
        for _, entry in close:
            others = [f"line {other.line}" for _, other in close if other.entry != entry.entry]
            doubts[entry.entry].append(f"{name} fits {_some(others)} as well")
        return []
    evidence, entry = good[0]
    return [LinkRow(entry.entry, *key, round(evidence.score, 2), "; ".join(evidence.why))]


def _only_one(
    links: list[LinkRow], names: Mapping[RunKey, str], doubts: dict[str, list[str]]
) -> list[LinkRow]:
    """An entry that only its settings tie to several runs is tied to none."""
    by_entry: dict[str, list[LinkRow]] = defaultdict(list)
    for row in links:
        by_entry[row.entry].append(row)
    kept = []
    for entry, rows in by_entry.items():
        loose = [row for row in rows if not row.by_hand and "named" not in row.why and "job" not in row.why]
        if len(loose) > 1 or (loose and len(rows) > len(loose)):
            runs = [names[row.host, row.source, row.inside] for row in loose]
            doubts[entry].append(f"its settings fit {_some(sorted(runs))}")
        else:
            loose = []
        kept += [row for row in rows if row not in loose]
    return kept


def _some(words: Sequence[str]) -> str:
    shown = list(dict.fromkeys(words))
    more = f" and {len(shown) - NAMED_MOST} more" if len(shown) > NAMED_MOST else ""
    return ", ".join(shown[:NAMED_MOST]) + more


def _why(entry: EntryRow, doubts: Sequence[str], near: Evidence | None, any_runs: bool) -> str:
    if doubts:
        return "ambiguous: " + "; ".join(dict.fromkeys(doubts))
    if not any_runs:
        return "there are no runs yet"
    if near is not None and near.against:
        reasons = [*near.why, f"but {'; '.join(near.against)}"]
        return f"the nearest is {near.name}: {', '.join(reasons)}"
    if near is not None and near.why:
        return f"too little speaks for {near.name}: {'; '.join(near.why)}"
    if entry.symbolic and not names_in(entry.settings):
        return "its run's name is only known when it runs"
    return "no run has its name or its settings"


class _Index:
    """Runs by the names they contain and by their settings, so that few are weighed."""

    def __init__(self, runs: Sequence[LinkRun], jobs: Mapping[RunKey, Sequence[JobRow]]) -> None:
        self._hosts = sorted({run.key[0] for run in runs})
        self._by_script: dict[str, list[LinkRun]] = defaultdict(list)
        # By host: what others called alike must not crowd out its own.
        self._by_part: dict[tuple[str, str], list[LinkRun]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[LinkRun]] = defaultdict(list)
        self._by_setting: dict[tuple[str, str], list[LinkRun]] = defaultdict(list)
        for run in runs:
            host, parts = run.key[0], run.parts
            for part in set(parts):
                self._by_part[host, part].append(run)
            for word in {join for part in parts for join in joins(part)}:
                self._by_name[host, word].append(run)
            for key, value in run.settings.items():
                self._by_setting[name_of(key), _plain(value)].append(run)
            for job in jobs.get(run.key, ()):
                self._by_script[script_of(job.command)[0]].append(run)

    def candidates(self, entry: EntryRow) -> list[LinkRun]:
        """Runs worth weighing."""
        found: dict[RunKey, LinkRun] = {}
        named = names_in(entry.settings)
        for parts in named:
            for part in parts:
                word = max(joins(part), key=len, default="")
                for host in self._hosts if entry.kind == "ssh" else (entry.host,):
                    exact = self._by_part.get((host, part), ())[:CANDIDATES_MOST]
                    for run in (*exact, *self._by_name.get((host, word), ())[:CANDIDATES_MOST]):
                        found[run.key] = run
        if entry.kind in ("sbatch", "srun"):
            script = entry.program.rsplit("/", 1)[-1]
            found.update({run.key: run for run in self._by_script.get(script, ())[:CANDIDATES_MOST]})
        if not found:
            rare = [
                runs
                for key, value in entry.settings.items()
                if 0 < len(runs := self._by_setting.get((name_of(key), _plain(value)), [])) <= CANDIDATES_MOST
            ]
            for runs in sorted(rare, key=len)[:2]:
                found.update({run.key: run for run in runs})
        same = [run for run in found.values() if run.key[0] == entry.host]
        # A command for another machine may have its run there.
        return same if entry.kind != "ssh" or same else list(found.values())


def _plain(value: str) -> str:
    try:
        return repr(float(value))
    except ValueError:
        return value.strip().lower()
