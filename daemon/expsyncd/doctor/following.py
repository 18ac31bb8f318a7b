"""How the daemon follows a host's sources, and what delays a point that no follower can hurry. Pure."""

from __future__ import annotations

from typing import Any

from expsyncd.doctor.finding import Finding, note, ok

AREA = "following"


def of_host(state: dict[str, Any] | None) -> list[Finding]:
    """By the host's part of `status --json`; nothing without a daemon."""
    found: dict[Finding, None] = {}
    for name, source in (state or {}).get("sources", {}).items():
        follow = source.get("follow") or {}
        match follow.get("mode"):
            case "following":
                found[ok(AREA, f"{name}: growth is told at once")] = None
            case "rescanning":
                found[note(AREA, f"{name}: found by rescans ({follow['reason']})")] = None
            case "off" if follow["reason"]:
                found[note(AREA, f"at the interval only: {follow['reason']}")] = None
    return list(found)


def points() -> Finding:
    """What stands between a value and its point besides us."""
    return note(
        "points",
        "what else delays a point: the writer, up to 120 s unless SummaryWriter(flush_secs=5) or flush(); "
        "the browser's reload, off or each 30 s (TensorBoard's gear, Reload data)",
    )
