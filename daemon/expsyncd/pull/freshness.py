"""From how a pull ended to what status says of the source. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from expsyncd.state.status import (
    Fresh,
    LastPull,
    Never,
    Partial,
    Pulling,
    Skipped,
    SourceFailed,
    SourceState,
    SourceStatus,
    Stale,
    Suspect,
    Trouble,
)
from expsyncd.units import counted

if TYPE_CHECKING:
    from datetime import datetime

    from expsyncd.pull.outcome import Outcome

SHOWN_SKIPPED = 50  # paths listed in status; the totals count all

EMPTIED = Trouble(
    "the folder on the host is empty now, the mirror keeps what was there",
    "if that is meant, nothing needs doing: new files will come; else look after the host's disk",
)


def ended(
    state: SourceState,
    outcome: Outcome,
    last: LastPull,
    started_at: datetime,
    left: list[tuple[str, int, str]],
    *,
    gone: int,
    kept: int,
    emptied: bool,
) -> SourceState:
    """The state after a pull that began at `started_at`."""
    success = outcome.kind == "complete"
    status: SourceStatus
    trouble = outcome.trouble or Trouble("")
    match outcome.kind:
        case "complete":
            status = Suspect(state.last_success_at, EMPTIED) if emptied else Fresh(started_at)
        case "partial":
            status = Partial(started_at, trouble)
        case "disk" | "retry":
            status = Stale(state.last_success_at, trouble)
        case "missing":
            status = Suspect(state.last_success_at, trouble)
        case "give-up":
            status = SourceFailed(trouble)
        case never:
            assert_never(never)
    listed = outcome.kind in ("complete", "partial", "disk")
    return replace(
        state,
        status=status,
        last_pull=last,
        last_success_at=started_at if success else state.last_success_at,
        lag_seconds=0.0 if success and not emptied else None,
        lag_as_of=started_at if success else state.lag_as_of,
        skipped=tuple(Skipped(*one) for one in left[:SHOWN_SKIPPED]) if listed else state.skipped,
        skipped_total=len(left) if listed else state.skipped_total,
        skipped_bytes=sum(size for _, size, _ in left) if listed else state.skipped_bytes,
        gone=gone if listed else state.gone,
        kept=state.kept + kept,
        notices=_notices(gone if listed else state.gone, state.kept + kept),
    )


def left_out(state: SourceState, left: list[tuple[str, int, str]]) -> SourceState:
    """The state after a round of some named files that left these out; a full pull says all anew."""
    known = {one.path for one in state.skipped}
    more = [Skipped(*one) for one in left if one[0] not in known]
    return replace(
        state,
        skipped=(*state.skipped, *more)[:SHOWN_SKIPPED],
        skipped_total=state.skipped_total + len(more),
        skipped_bytes=state.skipped_bytes + sum(one.bytes for one in more),
    )


def _notices(gone: int, kept: int) -> tuple[str, ...]:
    said = []
    if gone:
        said.append(f"{counted(gone, 'file')} gone on the host, kept here")
    if kept:
        said.append(f"{counted(kept, 'file')} replaced on the host, old bytes kept: `expsyncd versions`")
    return tuple(said)


def unreachable(state: SourceState, cause: Trouble) -> SourceState:
    """The state while the host cannot be seen: never fresh, lag unknown."""
    match state.status:
        case Never():
            return state
        case Fresh(as_of=as_of) | Partial(as_of=as_of):
            status: SourceStatus = Stale(as_of, cause)
        case Pulling() | Stale():
            status = Stale(state.last_success_at, cause)
        case Suspect() | SourceFailed():
            return replace(state, lag_seconds=None)
        case never:
            assert_never(never)
    return replace(state, status=status, lag_seconds=None)


def at_start(path: str, last_success_at: datetime | None) -> SourceState:
    """The state before the first pull of this daemon's life."""
    if last_success_at is None:
        return SourceState(path)
    cause = Trouble("not looked at since the daemon started")
    return SourceState(path, status=Stale(last_success_at, cause), last_success_at=last_success_at)
