"""One job as squeue or sacct tells of it, and the small texts it is made of. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

LONGEST = 2000  # characters of any text that Slurm tells
MOST_JOBS = 5000

WAITS = frozenset({"PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT"})
RUNS = frozenset(
    {"RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "RESIZING", "SIGNALING", "STAGE_OUT"}
)
FAILED = frozenset(
    {
        "FAILED", "TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "PREEMPTED", "DEADLINE",
        "LAUNCH_FAILED", "RECONFIG_FAIL",
    }
)  # fmt: skip
UNKNOWN = "UNKNOWN"  # our own word: it was there, and Slurm tells nothing of it any more
_STATE = re.compile(r"[A-Z][A-Z_]{1,30}")
_ID = re.compile(r"(\d+)(?:_(\d+|\[[^\]\s]{0,200}\]|\*)|\+(\d+))?", re.ASCII)


@dataclass(frozen=True)
class Job:
    """Times are Unix seconds; texts are Slurm's own, cut. `job` as squeue prints it, `number` the one in %j.

    `start_at` of a job that waits is when Slurm means to start it. `by`: the uid that cancelled it.
    """

    job: str
    number: str = ""
    name: str = ""
    state: str = UNKNOWN
    reason: str = ""
    nodes: str = ""
    partition: str = ""
    submitted_at: float | None = None
    start_at: float | None = None
    ended_at: float | None = None
    limit_s: float | None = None
    exit_code: int | None = None
    signal: int | None = None
    folder: str = ""
    output: str = ""
    errors: str = ""
    command: str = ""
    depends: str = ""
    restarts: int = 0
    by: str = ""

    @property
    def waits(self) -> bool:
        """It has not started, or will start again."""
        return self.state in WAITS

    @property
    def ended(self) -> bool:
        """It will not go on."""
        return self.state not in WAITS and self.state not in RUNS


def known_id(text: str) -> str:
    """A job's name as squeue prints it (`7`, `7_3`, `7_[4-9%2]`, `7+1`), or empty."""
    text = text.strip()
    return text if _ID.fullmatch(text) else ""


def task_of(job: str) -> tuple[str, str | None]:
    """The number of the array or job, and the task where it is one: `7_3` → ("7", "3")."""
    found = _ID.fullmatch(job)
    if found is None:
        return job, None
    return found[1], found[2] if found[2] and found[2].isdigit() else None


def state_of(text: str) -> tuple[str, str]:
    """`CANCELLED by 1000` → ("CANCELLED", "1000"); what is no state is UNKNOWN."""
    word, _, rest = text.strip().partition(" ")
    word = word.rstrip("+")
    by = rest.removeprefix("by ").strip()
    return (word if _STATE.fullmatch(word) else UNKNOWN), (by if by.isdigit() else "")


def moment_of(text: str) -> float | None:
    """`2026-11-26T14:27:32`, told with TZ=UTC; N/A, NONE, Unknown are None."""
    try:
        return datetime.strptime(text.strip(), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def limit_of(text: str) -> float | None:
    """`1-02:03:04`, `02:03:04`, `5:00` in seconds; UNLIMITED and other words are None."""
    found = re.fullmatch(r"(?:(\d{1,5})-)?(?:(\d{1,3}):)?(\d{1,5}):(\d{2})", text.strip())
    if not found:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def ended_by(status: int | None) -> tuple[int | None, int | None]:
    """The exit code and the signal in a wait status: 768 → (3, None), 9 → (0, 9)."""
    if status is None or not 0 <= status < 1 << 16:
        return None, None
    return status >> 8, (status & 0x7F) or None


def text_of(value: Any) -> str:
    """A text of an answer, without what Slurm says for nothing, cut."""
    text = (value if isinstance(value, str) else "")[:LONGEST].strip()
    # What is no text (bytes by surrogates) goes into no database.
    text = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)
    return "" if text in ("(null)", "N/A", "None", "n/a", "None assigned", "Unknown") else text


def number_of(value: Any) -> int | None:
    """A number of Slurm's JSON: plain, or `{set, infinite, number}` from 23.02 on; infinite is None."""
    if isinstance(value, dict):
        if value.get("infinite") or value.get("set") is False:
            return None
        value = value.get("number")
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value[:18])
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 60 else None


def past(value: Any) -> float | None:
    """A moment of Slurm's JSON; 0 means never."""
    found = number_of(value)
    return float(found) if found and found < 1 << 40 else None
