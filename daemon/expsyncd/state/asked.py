"""What a host is asked beside its files: Slurm's jobs and the GPUs, as values. Pure, stdlib only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from expsyncd.clock import rfc3339

if TYPE_CHECKING:
    from datetime import datetime

    from expsyncd.state.status import Trouble


@dataclass(frozen=True)
class NextJob:
    """The job that Slurm means to start next, as far as it says."""

    job: str
    name: str
    reason: str
    expected_at: datetime | None = None


@dataclass(frozen=True)
class JobsState:
    """Slurm's jobs of a host; counts are null before the first answer. `failed_recently`: in a day."""

    running: int | None = None
    pending: int | None = None
    failed_recently: int | None = None
    next: NextJob | None = None
    as_of: datetime | None = None
    error: Trouble | None = None


@dataclass(frozen=True)
class GpuProcess:
    """A program on a GPU; `user` is empty where the host does not tell."""

    pid: int
    user: str
    name: str
    memory_bytes: int | None


@dataclass(frozen=True)
class Gpu:
    """One GPU; what the driver does not tell is None. `trouble`: what it says is wrong with it."""

    index: int
    name: str
    use_percent: int | None = None
    memory_bytes: int | None = None
    total_bytes: int | None = None
    celsius: int | None = None
    watts: float | None = None
    processes: tuple[GpuProcess, ...] = ()
    trouble: str = ""


@dataclass(frozen=True)
class GpusState:
    """The GPUs of a host; `gpus` is None before the first answer."""

    gpus: tuple[Gpu, ...] | None = None
    as_of: datetime | None = None
    error: Trouble | None = None


def jobs_json(state: JobsState | None) -> dict[str, Any] | None:
    """As `status --json` shows it; null where Slurm is not asked."""
    if state is None:
        return None
    return {
        "running": state.running,
        "pending": state.pending,
        "failed_recently": state.failed_recently,
        "next": None
        if state.next is None
        else {
            "job": state.next.job,
            "name": state.next.name,
            "reason": state.next.reason,
            "expected_at": rfc3339(state.next.expected_at),
        },
        "as_of": rfc3339(state.as_of),
        "error": _error(state.error),
    }


def gpus_json(state: GpusState | None) -> dict[str, Any] | None:
    """As `status --json` shows it; null where the GPUs are not asked about."""
    if state is None:
        return None
    return {
        "gpus": None if state.gpus is None else [_gpu(one) for one in state.gpus],
        "as_of": rfc3339(state.as_of),
        "error": _error(state.error),
    }


def _gpu(one: Gpu) -> dict[str, Any]:
    return {
        "index": one.index,
        "name": one.name,
        "use_percent": one.use_percent,
        "memory_bytes": one.memory_bytes,
        "total_bytes": one.total_bytes,
        "celsius": one.celsius,
        "watts": one.watts,
        "processes": [
            {"pid": p.pid, "user": p.user, "name": p.name, "memory_bytes": p.memory_bytes}
            for p in one.processes
        ],
        "trouble": one.trouble,
    }


def _error(error: Trouble | None) -> dict[str, str] | None:
    return None if error is None else {"title": error.title, "advice": error.advice}
