"""What status says of a host's jobs and GPUs, a line each. Pure, stdlib only."""

from __future__ import annotations

from typing import Any

from expsyncd.units import counted, human_bytes

# A GPU that shows a desktop, or whose driver is loaded, is a few percent busy.
BUSY_PERCENT = 10


def jobs_words(jobs: dict[str, Any] | None) -> tuple[str, str] | None:
    """What there is, and what is wrong; None where Slurm is not asked."""
    if jobs is None:
        return None
    said = ""
    if jobs["running"] is not None:
        said = f"{jobs['running']} running, {jobs['pending']} pending"
        if jobs["failed_recently"]:
            said += f", {jobs['failed_recently']} failed today"
        if following := jobs["next"]:
            why = f": {following['reason']}" if following["reason"] else ""
            said += f"; next {following['job']} {following['name']}{why}"
    elif jobs["error"] is None:
        said = "Slurm is not asked yet"
    return said, error_words(jobs["error"])


def gpus_words(state: dict[str, Any] | None) -> tuple[str, str] | None:
    """What there is, and what is wrong; None where the GPUs are not asked about."""
    if state is None:
        return None
    said = "not asked yet" if state["gpus"] is None and state["error"] is None else ""
    if state["gpus"]:
        said = busy_words(state["gpus"])
    return said, error_words(state["error"])


def busy_words(gpus: list[dict[str, Any]]) -> str:
    """`3 of 4 in use, 120.0 GB of 320.0 GB; anna 2, ben 1`."""
    busy = sum(in_use(one) for one in gpus)
    known = [one for one in gpus if one["memory_bytes"] is not None and one["total_bytes"]]
    said = f"{busy} of {counted(len(gpus), 'GPU')} in use"
    if known:
        used, total = (sum(one[key] for one in known) for key in ("memory_bytes", "total_bytes"))
        said += f", {human_bytes(used)} of {human_bytes(total)}"
    owners: dict[str, int] = {}
    for one in gpus:
        for user in {process["user"] for process in one["processes"]}:
            owners[user or "?"] = owners.get(user or "?", 0) + 1
    if owners:
        said += "; " + ", ".join(f"{user} {count}" for user, count in sorted(owners.items())[:6])
    bad = [one for one in gpus if one["trouble"]]
    if bad:
        said += f"; GPU {bad[0]['index']}: {bad[0]['trouble']}"
    return said


def in_use(gpu: dict[str, Any]) -> bool:
    """Somebody's program is on it, or it computes."""
    return bool(gpu["processes"]) or (gpu["use_percent"] or 0) >= BUSY_PERCENT


def error_words(error: dict[str, str] | None) -> str:
    """`title: advice`, or nothing."""
    if error is None:
        return ""
    return error["title"] + (f" -> {error['advice']}" if error["advice"] else "")
