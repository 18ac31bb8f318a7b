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
    from collections.abc import Iterable, Sequence

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


def tied(jobs: Sequence[JobRow], candidates: Sequence[Candidate]) -> dict[str, Candidate]:
    """The run of each job that has exactly one likely one, by the job's name."""
    found: dict[str, Candidate] = {}
    weak: dict[str, Candidate] = {}
    for job in jobs:
        if job.started_at is None:
            continue
        best, score = _best(job, candidates)
        if best is not None:
            (found if score >= ENOUGH else weak)[job.job] = best
    claims = Counter(one.folder for one in weak.values())
    sure = {one.folder for one in found.values()}
    found |= {name: one for name, one in weak.items() if claims[one.folder] == 1 and one.folder not in sure}
    return found


def _best(job: JobRow, candidates: Iterable[Candidate]) -> tuple[Candidate | None, int]:
    scored = sorted(
        ((score(job, one), one.folder, one) for one in candidates), reverse=True, key=lambda s: s[:2]
    )
    if not scored or scored[0][0] < LEAST:
        return None, 0
    # A run inside another one is the more particular; its outer one says nothing against it.
    first = scored[0]
    rivals = [one for one in scored[1:] if one[0] == first[0] and not _around(one[2], first[2])]
    return (None, 0) if rivals else (first[2], first[0])


def _around(outer: Candidate, inner: Candidate) -> bool:
    return inner.folder.startswith(outer.folder.rstrip("/") + "/")


def score(job: JobRow, run: Candidate) -> int:
    """How much speaks for it; 0 where the times exclude it."""
    if job.started_at is None:
        return 0
    if run.newest_at is not None and run.newest_at < job.started_at - EARLY_S:
        return 0  # nothing was written to it since the job began
    if run.began_at is not None and job.ended_at is not None and run.began_at > job.ended_at + EARLY_S:
        return 0
    below = f"{run.folder.rstrip('/')}/"
    if _within(job.folder, below) or any(_within(path, below) for path in (job.output, job.errors) if path):
        return INSIDE
    if _names_path(job, run):
        return NAMED_BY_PATH
    found = _by_name(job, run)
    if job.folder and below.startswith(f"{job.folder.rstrip('/')}/"):
        found += BELOW
    if run.began_at is not None and run.began_at >= job.started_at - EARLY_S:
        found += BEGAN_MEANWHILE
    return found


def _within(path: str, below: str) -> bool:
    return bool(path) and f"{path.rstrip('/')}/".startswith(below)


def _names_path(job: JobRow, run: Candidate) -> bool:
    """`--logdir /scratch/me/runs/a`, or `--logdir=runs/a` from the folder it works in."""
    for word in re.split(r"[\s=,;'\"]+", job.command):
        if "/" in word and posixpath.normpath(posixpath.join(job.folder or "/", word)) == run.folder:
            return True
    return False


def _by_name(job: JobRow, run: Candidate) -> int:
    name = run.name.casefold()
    if len(name) < SHORTEST_NAME or name in PLAIN:
        return 0
    if job.name.casefold() == name:
        return SAME_NAME
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-]|\.\w)")
    texts = (job.name, job.command, posixpath.basename(job.output))
    stem = posixpath.splitext(texts[2])[0].casefold()
    return NAMED if any(word.search(text.casefold()) for text in texts) or stem == name else 0
