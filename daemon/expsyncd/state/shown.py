"""A snapshot as `status --json` shows it. Pure, stdlib only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.clock import rfc3339
from expsyncd.state.asked import gpus_json, jobs_json
from expsyncd.state.status import (
    HostState,
    Partial,
    Pulling,
    Snapshot,
    SourceFailed,
    SourceState,
    SourceStatus,
    Stale,
    Suspect,
    Trouble,
)

if TYPE_CHECKING:
    from expsyncd.state.follow import Arrival, FollowState
    from expsyncd.state.tunnels import TunnelState

SCHEMA = 1


def trouble_json(trouble: Trouble | None) -> dict[str, str] | None:
    """`{title, advice}`, or null."""
    return None if trouble is None else {"title": trouble.title, "advice": trouble.advice}


def _cause(status: SourceStatus) -> Trouble | None:
    match status:
        case Stale(cause=cause) | Partial(cause=cause) | SourceFailed(cause=cause) | Suspect(missing=cause):
            return cause
        case _:
            return None


def source_json(source: SourceState) -> dict[str, Any]:
    """One source as `status --json` shows it."""
    last, status = source.last_pull, source.status
    shown: dict[str, Any] = {
        "path": source.path,
        "status": status.word,
        "sentence": status.sentence,
        "error": trouble_json(_cause(status)),
        "as_of": rfc3339(getattr(status, "as_of", None)),
        "last_pull": None
        if last is None
        else {
            "at": rfc3339(last.at),
            "outcome": last.outcome,
            "files": last.files,
            "bytes": last.bytes,
            "seconds": round(last.seconds, 3),
        },
        "last_success_at": rfc3339(source.last_success_at),
        "lag_seconds": source.lag_seconds,
        "lag_as_of": rfc3339(source.lag_as_of),
        "next_pull_at": rfc3339(source.next_pull_at),
        "following": source.follow.mode,
        "follow": follow_json(source.follow),
        "skipped": [{"path": s.path, "bytes": s.bytes, "reason": s.reason} for s in source.skipped],
        "skipped_total": source.skipped_total,
        "skipped_bytes": source.skipped_bytes,
        "gone": source.gone,
        "kept": source.kept,
        "notices": list(source.notices),
    }
    if isinstance(status, Pulling):
        shown["progress"] = {
            "files": status.files,
            "bytes": status.bytes,
            "total_files": status.total_files,
            "total_bytes": status.total_bytes,
        }
    return shown


def follow_json(follow: FollowState) -> dict[str, Any]:
    """How a source is followed; `arrival` in seconds, null until something came."""
    return {
        "mode": follow.mode,
        "watches": follow.watches,
        "reason": follow.reason,
        "healthy": follow.healthy,
        "arrival": arrival_json(follow.arrival),
    }


def arrival_json(arrival: Arrival | None) -> dict[str, Any] | None:
    """In seconds, or null."""
    if arrival is None:
        return None
    return {"p50": round(arrival.p50, 4), "p95": round(arrival.p95, 4), "count": arrival.count}


def host_json(host: HostState) -> dict[str, Any]:
    """One host as `status --json` shows it."""
    error: Trouble | None = getattr(host.status, "error", None)
    kinds = {source.follow.mode for source in host.sources.values()}
    return {
        "ssh": host.ssh,
        "status": host.status.word,
        "sentence": host.status.sentence,
        "since": rfc3339(host.since),
        "error": trouble_json(error),
        "next_at": rfc3339(getattr(host.status, "next_at", None)),
        "following": "off" if not kinds else kinds.pop() if len(kinds) == 1 else "mixed",
        "adopted": host.adopted,
        "clock_offset_seconds": None if host.clock_offset_s is None else round(host.clock_offset_s, 3),
        "notices": list(host.notices),
        "sources": {name: source_json(source) for name, source in host.sources.items()},
        "tunnels": {name: tunnel_json(tunnel) for name, tunnel in host.tunnels.items()},
        "jobs": jobs_json(host.jobs),
        "gpus": gpus_json(host.gpus),
    }


def tunnel_json(tunnel: TunnelState) -> dict[str, Any]:
    """One tunnel as `status --json` shows it."""
    return {
        "status": tunnel.status.word,
        "url": getattr(tunnel.status, "url", None),
        "error": trouble_json(getattr(tunnel.status, "error", None)),
        "probed_at": rfc3339(getattr(tunnel.status, "probed_at", None)),
        "local": tunnel.local,
        "remote": tunnel.remote,
        "tensorboard": tunnel.tensorboard,
    }


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """`status --json`, schema 1."""
    board = snapshot.tensorboard
    return {
        "schema": SCHEMA,
        "version": snapshot.version,
        "pid": snapshot.pid,
        "since": rfc3339(snapshot.since),
        "config": {
            "path": snapshot.config.path,
            "loaded_at": rfc3339(snapshot.config.loaded_at),
            "error": trouble_json(snapshot.config.error),
        },
        "root": {
            "path": snapshot.root.path,
            "free_bytes": snapshot.root.free_bytes,
            "error": trouble_json(snapshot.root.error),
        },
        "tensorboard": {
            "status": board.status,
            "url": board.url,
            "pid": board.pid,
            "runs": board.runs,
            "hidden": board.hidden,
            "folded": board.folded,
            "damaged": [{"run": d.run, "file": d.file, "offset": d.offset} for d in board.damaged],
            "error": trouble_json(board.error),
            "arrival": arrival_json(snapshot.shown_after),
            "notices": list(board.notices),
        },
        "samples": {
            "series": snapshot.samples.series,
            "waiting": snapshot.samples.waiting,
            "failed": snapshot.samples.failed,
            "refused": snapshot.samples.refused,
        },
        "runs": {
            "total": snapshot.runs.total,
            "growing": snapshot.runs.growing,
            "stalled": snapshot.runs.stalled,
            "failed": snapshot.runs.failed,
        },
        "hosts": {name: host_json(host) for name, host in snapshot.hosts.items()},
        "notices": list(snapshot.notices),
    }
