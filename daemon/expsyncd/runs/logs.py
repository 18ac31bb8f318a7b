"""Which file is a run's text log, and what its last lines say where that is unmistakable. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterable

TAIL_BYTES = 8192
LINE_LONGEST = 200
NUMBER_LONGEST = 20  # digits of a number in a name

# The best first; then any other log, by name.
NAMES = (
    b"train.log",
    b"log.txt",
    b"training.log",
    b"cout.txt",
    b"output.log",
    b"stdout.log",
    b"stdout.txt",
    b"log.log",
)
ENDINGS = (b".log", b".out")
_NOT = re.compile(rb"debug|wandb|tensorboard|stderr|\.err$|install|launch", re.IGNORECASE)

# A program that ran out of memory may try a smaller batch: only Slurm's words for it are an end.
_KILLED = re.compile(
    r"slurmstepd: error: .*(?:CANCELLED|DUE TO|oom)|srun: error: .*Out Of Memory"
    r"|^Killed$|Segmentation fault|core dumped",
    re.IGNORECASE,
)
_EXCEPTION = re.compile(r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Interrupt|Exit|Warning)\b(?:: .*)?")
_TRACE = "Traceback (most recent call last):"
_DONE = re.compile(
    r"(?:^|[\]:>\-|] ?)\W*(?:training|run|experiment|job)?\W*(?:is |has )?"
    r"(?:finished|completed|complete|done)(?: (?:training|successfully|in [\d:.hms ]+))*\W*$",
    re.IGNORECASE,
)
# One of several: its training is over, and its evaluation or the next one follows.
_PART = re.compile(r"\b(?:epoch|fold|stage|phase|round|iter(?:ation)?|step)\W{0,3}\d", re.IGNORECASE)
_TRAINED = re.compile(r"\b(?:training|train|fit|experiment|run|job)\b", re.IGNORECASE)


def log_of(names: Iterable[bytes]) -> bytes:
    """The text log among the files of a folder; empty when there is none."""
    present = sorted(names)
    for name in NAMES:
        if name in present:
            return name
    others = [name for name in present if name.lower().endswith(ENDINGS) and not _NOT.search(name)]
    return max(others, key=_counted, default=b"")  # slurm-123.out: the newest job has the highest number


def _counted(name: bytes) -> bytes:
    """In the order of its numbers: 99999 before 100000."""
    return re.sub(rb"\d+", lambda number: number[0].zfill(NUMBER_LONGEST), name)


def ended(tail: str) -> tuple[str, str] | None:
    """(finished or failed, the line that says so, redacted) when the last lines leave no doubt, else None."""
    lines = [line.rstrip() for line in tail.splitlines() if line.strip()]
    if not lines:
        return None
    # Half a secret would not be known for one, so lines are cut after that.
    last = redact(lines[-1])[-LINE_LONGEST:].strip()
    for line in reversed(lines[-3:]):
        if _KILLED.search(line):
            return "failed", redact(line.strip())[:LINE_LONGEST]
    # A traceback that something else was written after was survived.
    if _EXCEPTION.fullmatch(last) and any(_TRACE in line for line in lines[:-1]):
        return "failed", last
    if _DONE.search(last) and _TRAINED.search(last) and not _PART.search(last):
        return "finished", last
    return None
