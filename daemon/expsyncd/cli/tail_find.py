"""Which log a person means by the name of a run or a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.cli.jobs import known
from expsyncd.cli.runs_view.names import one_of
from expsyncd.errors import Error
from expsyncd.mirror.layout import shown, source_folder
from expsyncd.state.catalogue import reading
from expsyncd.state.measured import measured_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.paths import Paths, RootPaths
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import MeasuredRow

SHOWN = 6


@dataclass(frozen=True)
class Log:
    """A file of the mirror: of which source of which host, and where `inside` it."""

    host: str
    source: str
    inside: bytes

    @property
    def shown(self) -> str:
        """For people."""
        return f"{self.host}/{self.source}/{shown(self.inside)}"

    def file(self, root: RootPaths) -> Path:
        """Where it is here."""
        return source_folder(root, self.host, self.source) / self.inside.decode("utf-8", "surrogateescape")


def find(paths: Paths, word: str) -> Log:
    """The log of the job or run that `word` means. Raises Error where that is none, several, or has none."""
    jobs, _ = known(paths)
    if found := _jobs_called(jobs, word):
        return _log_of_job(found, word)
    runs = _runs(paths)
    if not runs and not jobs:
        raise Error("no runs and no jobs are known yet", "`expsyncd status` says how it goes")
    if not runs:
        raise Error(f"no job is called {word}", "`expsyncd jobs --all` lists them")
    run = runs[one_of(list(runs), word)]
    if run.log:
        return Log(run.host, run.source, run.log)
    own = [job for job in jobs if (job.host, job.source, job.inside) == run.key and job.log_source]
    if own:
        return Log(own[0].host, own[0].log_source, own[0].log)
    raise Error(
        f"{run.name} has no log in the mirror", "a file like train.log or slurm-*.out in its folder is one"
    )


def _runs(paths: Paths) -> dict[str, MeasuredRow]:
    try:
        with reading(paths.catalogue_db) as db:
            return {row.name: row for row in measured_of(db)}
    except Error:
        return {}


def _jobs_called(jobs: Sequence[JobRow], word: str) -> list[JobRow]:
    """By its number, an array's by its own; else the newest of that name."""
    exact = [job for job in jobs if word in (job.job, f"{job.host}/{job.job}")]
    tasks = [job for job in jobs if word in (of := job.job.partition("_")[0], f"{job.host}/{of}")]
    return (
        exact
        or [job for job in tasks if "[" not in job.job]
        or tasks
        or [job for job in jobs if job.name == word][:1]
    )


def _log_of_job(found: Sequence[JobRow], word: str) -> Log:
    if len(found) > 1:
        names = ", ".join(f"{job.host}/{job.job}" for job in found[:SHOWN])
        more = ", ..." if len(found) > SHOWN else ""
        raise Error(f"{word} may be {len(found)} jobs", f"say which: {names}{more}")
    (job,) = found
    if job.log_source:
        return Log(job.host, job.log_source, job.log)
    if job.started_at is None:
        raise Error(f"{job.host}/{job.job} has not started: {job.reason or job.state.lower()}")
    where = (
        f"it writes {shown(job.output.encode('utf-8', 'surrogateescape'))}"
        if job.output
        else "Slurm does not say where"
    )
    raise Error(f"the output of {job.host}/{job.job} is not in the mirror", where)
