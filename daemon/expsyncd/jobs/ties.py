"""Which run a job writes: by where it works and writes, its name, its command, and times. Pure.

Evidence is weighed; two runs that are equally likely leave the job without one: better than a wrong one.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from expsyncd.state.jobs import JobRow

# How much each kind of evidence says. ENOUGH is certain; below, no other job may say the same of the run.
INSIDE = 6  # it works, or writes its output, in the run's own folder
NAMED_BY_PATH = 6  # its command names the run's folder by its path
SAME_NAME = 4  # the job is called as the run
NAMED = 3  # its command, its output or its own name has the run's name as a word
BEGAN_MEANWHILE = 2  # the run began while it ran
BELOW = 1  # the run's folder lies below the folder it works in
ENOUGH = 4
LEAST = 3
EARLY_S = 90.0  # clocks differ, and a folder may be made before the job's first step
SHORTEST_NAME = 3  # shorter ones, like "a" or "1", are words of anything
PLAIN = frozenset(
    {"logs", "log", "runs", "run", "tb", "tb_log", "tensorboard", "output", "outputs", "train", "results"}
)


@dataclass(frozen=True)
class Candidate:
    """A run of the host: its folder there, and Unix times of its first and its newest value."""

    source: str
    inside: bytes
    folder: str
    began_at: float | None = None
    newest_at: float | None = None

    @property
    def name(self) -> str:
        """The last part of its folder."""
        return posixpath.basename(self.folder)


@dataclass(frozen=True)
class _Evidence:
    """What a job says of itself, gathered once. `top`: where it works; `paths`: that its command names."""

    began_at: float
    top: str
    places: tuple[str, ...]
    paths: frozenset[str]
    name: str
    texts: tuple[str, ...]
    stem: str


def _evidence(job: JobRow, began_at: float) -> _Evidence:
    words = re.split(r"[\s=,;'\"]+", job.command)
    top = job.folder or "/"
    file = posixpath.basename(job.output)
    return _Evidence(
        began_at,
        f"{job.folder.rstrip('/')}/" if job.folder else "",
        tuple(f"{path.rstrip('/')}/" for path in (job.folder, job.output, job.errors) if path),
        frozenset(posixpath.normpath(posixpath.join(top, word)) for word in words if "/" in word),
        job.name.casefold(),
        tuple(text.casefold() for text in (job.name, job.command, file)),
        posixpath.splitext(file)[0].casefold(),
    )


def tied(
    jobs: Sequence[JobRow], candidates: Sequence[Candidate], held: Collection[tuple[str, bytes]] = ()
) -> dict[str, Candidate]:
    """The run of each job that has exactly one likely one, by the job's name.

    `held`: runs of other jobs, whose ties do not change any more.
    """
    found: dict[str, Candidate] = {}
    weak: dict[str, Candidate] = {}
    named = [(one, f"{one.folder.rstrip('/')}/", one.name.casefold()) for one in candidates]
    for job in jobs:
        if job.started_at is None:
            continue
        best, weight = _best(_evidence(job, job.started_at), _meanwhile(job, job.started_at, named))
        if best is not None:
            (found if weight >= ENOUGH else weak)[job.job] = best
    claims = Counter(one.folder for one in weak.values())
    sure = {one.folder for one in found.values()}
    sure |= {one.folder for one in candidates if (one.source, one.inside) in held}
    found |= {name: one for name, one in weak.items() if claims[one.folder] == 1 and one.folder not in sure}
    return found


def _meanwhile(
    job: JobRow, began_at: float, named: Iterable[tuple[Candidate, str, str]]
) -> list[tuple[Candidate, str, str]]:
    """Runs that were written to since the job began, and had begun before it ended."""
    earliest, latest = began_at - EARLY_S, (job.ended_at or float("inf")) + EARLY_S
    return [
        one
        for one in named
        if (one[0].newest_at is None or one[0].newest_at >= earliest)
        and (one[0].began_at is None or one[0].began_at <= latest)
    ]


def _best(evidence: _Evidence, named: Iterable[tuple[Candidate, str, str]]) -> tuple[Candidate | None, int]:
    weighed = [
        (weight, one)
        for one, below, name in named
        if (weight := _weight(evidence, one, below, name)) >= LEAST
    ]
    if not weighed:
        return None, 0
    most = max(weight for weight, _ in weighed)
    likely = [one for weight, one in weighed if weight == most]
    # A run inside another one is the more particular; its outer one says nothing against it.
    first = max(likely, key=lambda one: one.folder)
    rivals = [one for one in likely if one is not first and not _around(one, first)]
    return (None, 0) if rivals else (first, most)


def _around(outer: Candidate, inner: Candidate) -> bool:
    return inner.folder.startswith(f"{outer.folder.rstrip('/')}/")


def _weight(evidence: _Evidence, run: Candidate, below: str, name: str) -> int:
    """How much speaks for it."""
    if any(place.startswith(below) for place in evidence.places):
        return INSIDE
    if run.folder in evidence.paths:
        return NAMED_BY_PATH
    found = _by_name(evidence, name)
    if evidence.top and below.startswith(evidence.top):
        found += BELOW
    if run.began_at is not None and run.began_at >= evidence.began_at - EARLY_S:
        found += BEGAN_MEANWHILE
    return found


def _by_name(evidence: _Evidence, name: str) -> int:
    if len(name) < SHORTEST_NAME or name in PLAIN:
        return 0
    if evidence.name == name:
        return SAME_NAME
    if evidence.stem == name:
        return NAMED
    return NAMED if any(name in text and _is_word(name, text) for text in evidence.texts) else 0


def _is_word(name: str, text: str) -> bool:
    """Whether it stands there whole: `exp7` is not in `exp7-lr3` nor in `exp7.yaml`."""
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)", text) is not None
