"""How a run is going, from evidence: growing, stalled, finished, failed, gone or unknown, and why. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from expsyncd.runs.rhythm import Gaps, pause_s, usual_s

# What has written once or twice has no rhythm yet; and writers flush every half minute or two.
UNKNOWN_GAP_S = 120.0
SHORTEST_GAP_S = 30.0
PAUSES = 2.0  # a pause it often makes may be longer once
AFTERWARDS_S = 120.0  # what still grows that long after its end goes on after all

GROWING, STALLED, FINISHED, FAILED, GONE, UNKNOWN = (
    "growing",
    "stalled",
    "finished",
    "failed",
    "gone",
    "unknown",
)
STATES = (GROWING, STALLED, FINISHED, FAILED, GONE, UNKNOWN)

# Slurm's words for a job that is over; every other word means that it waits or runs.
JOB_ENDED = {
    "COMPLETED": FINISHED, "FAILED": FAILED, "OUT_OF_MEMORY": FAILED, "TIMEOUT": FAILED, "CANCELLED": FAILED,
    "NODE_FAIL": FAILED, "PREEMPTED": FAILED, "BOOT_FAIL": FAILED, "DEADLINE": FAILED, "REVOKED": FAILED,
}  # fmt: skip


@dataclass(frozen=True)
class End:
    """Something says that the run ended: `state` finished or failed, `why` in words, `at` when, if known."""

    state: str
    why: str
    at: float | None = None


@dataclass(frozen=True)
class Evidence:
    """What is known of one run. Times are seconds since 1970 by the clock of its host.

    `newest_at`: it last grew or gave a sign of life. `ends`: the best witness first. `gone_at`: since when
    its files are no longer on the host. `queued`: it has not begun.
    """

    newest_at: float
    gaps: Gaps = field(default_factory=dict)
    ends: tuple[End, ...] = ()
    gone_at: float | None = None
    queued: bool = False


@dataclass(frozen=True)
class Sight:
    """How well its host can be seen: `now` by the host's clock; `seen_at`: all up to then is here.

    `seen_at` None: nothing is pulled from there any more, or was not yet; `pulled`: it is to be.
    """

    now: float
    seen_at: float | None
    pulled: bool = True


def job_end(state: str, ended: str, at: float | None) -> End | None:
    """What a Slurm job of the run says."""
    word = state.split(maxsplit=1)[0].rstrip("+") if state.strip() else ""  # `CANCELLED by 1000`
    kind = JOB_ENDED.get(word)
    if kind is None:
        return None
    said = ended or word.lower().replace("_", " ")
    return End(
        kind, f"its Slurm job {'completed' if kind == FINISHED and not ended else f'ended: {said}'}", at
    )


def patience_s(gaps: Gaps, stalled_after: float) -> float:
    """How long nothing may come before the run is stalled; `stalled_after`: that many times the usual gap."""
    usual = usual_s(gaps)
    gap = max(SHORTEST_GAP_S, UNKNOWN_GAP_S if usual is None else usual)
    return max(stalled_after * gap, PAUSES * (pause_s(gaps) or 0.0))


def judge(known: Evidence, sight: Sight, stalled_after: float) -> tuple[str, str]:
    """State and why; the words stay the same as long as the evidence does."""
    state, why = _going(known, sight, stalled_after)
    if known.gone_at is None:
        return state, why
    before = f"; before: {state}, {why}" if state in {FINISHED, FAILED} else ""
    return GONE, f"no longer on the host since {_moment(known.gone_at)}{before}"


def _going(known: Evidence, sight: Sight, stalled_after: float) -> tuple[str, str]:
    for end in known.ends:
        if end.at is None or known.newest_at <= end.at + AFTERWARDS_S:
            return end.state, end.why
    if known.queued:
        return UNKNOWN, "it waits in a queue"
    patience = patience_s(known.gaps, stalled_after)
    usual = usual_s(known.gaps)
    rhythm = "its rhythm is not known yet" if usual is None else f"it usually grows {_often(usual)}"
    if sight.now - known.newest_at <= patience:
        return GROWING, rhythm
    since = f"nothing since {_moment(known.newest_at)}"
    if not sight.pulled:
        return UNKNOWN, f"{since}, and its source is not pulled: it is not in hosts.yaml"
    if sight.seen_at is None or sight.seen_at - known.newest_at <= patience:
        seen = (
            "its source was not pulled yet"
            if sight.seen_at is None
            else f"last pulled {_moment(sight.seen_at)}"
        )
        return UNKNOWN, f"{since}, but its host cannot be seen now ({seen})"
    return STALLED, f"{since}; {rhythm}, and nothing says that it ended"


def _moment(at: float) -> str:
    try:
        return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
    except (ValueError, OverflowError, OSError):
        return "an impossible time"


def _often(seconds: float) -> str:
    if seconds < 0.75:
        return "several times a second"
    for unit, size in (("d", 86400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"every {seconds / size:.0f} {unit}"
    return f"every {seconds:.0f} s"
