"""Why a job waits and why it ended, in words for people. Pure. After Slurm's "Job Reason Codes" page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from expsyncd.units import human_seconds

if TYPE_CHECKING:
    from expsyncd.jobs.job import Job

_REASONS = {
    "Resources": "waits for free resources",
    "Priority": "others go first (priority)",
    "BeginTime": "waits for its begin time",
    "DependencyNeverSatisfied": "will never start: what it depends on failed",
    "JobHeldUser": "held by you: `scontrol release` lets it go",
    "JobHeldAdmin": "held by an admin",
    "JobHoldMaxRequeue": "held: it was requeued too often",
    "JobArrayTaskLimit": "as many tasks of the array run as it allows",
    "JobLaunchFailure": "could not be started there: a file system or a wrong command",
    "NodeDown": "a node it asks for is down",
    "PartitionDown": "its partition is down",
    "PartitionInactive": "its partition takes no jobs now",
    "PartitionNodeLimit": "asks for more nodes than its partition allows",
    "PartitionTimeLimit": "asks for more time than its partition allows",
    "Licenses": "waits for a licence",
    "Reservation": "waits for its reservation to begin",
    "ReservationDeleted": "its reservation is gone",
    "BadConstraints": "no node can ever fulfil what it asks for",
    "InvalidAccount": "its account does not exist",
    "InvalidQOS": "its QOS does not exist",
    "AccountingPolicy": "a limit of your account is reached",
    "AccountNotAllowed": "its account may not use this partition",
    "QOSNotAllowed": "its QOS may not use this partition",
    "QOSJobLimit": "as many jobs run as its QOS allows",
    "QOSMaxJobsPerUserLimit": "you have as many jobs running as the QOS allows",
    "QOSMaxSubmitJobPerUserLimit": "you have as many jobs queued as the QOS allows",
    "QOSMaxGRESPerUser": "you use as many GPUs as the QOS allows",
    "QOSMaxCpuPerUserLimit": "you use as many CPUs as the QOS allows",
    "QOSMaxNodePerUserLimit": "you use as many nodes as the QOS allows",
    "QOSMaxMemoryPerUser": "you use as much memory as the QOS allows",
    "QOSMaxWallDurationPerJobLimit": "asks for more time than the QOS allows",
    "QOSUsageThreshold": "the use that the QOS allows is used up",
    "MaxJobsPerAccount": "as many jobs of your account run as it may",
    "Cleaning": "is being cleaned up after its last start",
    "Prolog": "its node is being prepared",
    "SchedDefer": "the scheduler looks at it soon",
    "TimeLimit": "asks for more time than is allowed",
    "FedJobLock": "waits for the other clusters of the federation",
}
_DEPENDS = {
    "after": "has started", "afterok": "has succeeded", "afternotok": "has failed", "afterany": "has ended",
    "aftercorr": "has succeeded, task by task", "afterburstbuffer": "has staged its data", "singleton": "",
}  # fmt: skip
_ENDED = {
    "COMPLETED": "completed",
    "TIMEOUT": "out of time",
    "OUT_OF_MEMORY": "out of memory",
    "PREEMPTED": "preempted by another job",
    "NODE_FAIL": "its node failed",
    "BOOT_FAIL": "its node did not boot",
    "DEADLINE": "its deadline passed",
    "LAUNCH_FAILED": "could not be started",
    "RECONFIG_FAIL": "its node could not be configured",
    "REVOKED": "went to another cluster",
    "UNKNOWN": "Slurm tells nothing of it any more",
}
# slurmstepd ends a step so that cannot open its output.
_NO_OUTPUT = 53
# As Linux counts them, which hosts run; this computer may count otherwise.
_SIGNALS = {
    1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL", 10: "USR1", 11: "SEGV",
    12: "USR2", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ",
}  # fmt: skip
_UNSEEN = 128  # a shell's exit code for a signal is this and its number


def reason(job: Job) -> str:
    """Why a job waits; empty for one that does not."""
    if not job.waits:
        return ""
    word = job.reason
    if word == "Dependency":
        said = depends(job.depends) or "waits for another job"
    elif word.startswith("ReqNodeNotAvail"):
        rest = word.partition(",")[2].strip()
        said = "a node it asks for is not available" + (f" ({rest})" if rest else "")
    else:
        said = _REASONS.get(word) or _family(word)
    if job.state == "REQUEUE_HOLD":
        said = said or "held after it was requeued: `scontrol release` lets it go"
    if job.restarts or job.state.startswith("REQUEUE"):
        again = f"requeued, start {job.restarts + 1}" if job.restarts else "requeued"
        return f"{again}: {said}" if said else again
    return said


def _family(word: str) -> str:
    """Hundreds of limits differ by a name; the rest is shown as Slurm says it."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", word)
    if word.startswith("Assoc"):
        return f"a limit of your account is reached ({spaced})"
    if word.startswith("QOS"):
        return f"a limit of its QOS is reached ({spaced})"
    return spaced


def depends(text: str) -> str:
    """`afterok:1(unfulfilled),afterany:2_*` in words."""
    said = []
    for part in re.split(r"[,?]", text):
        kind, _, rest = part.partition(":")
        if kind == "singleton" or kind.startswith("singleton("):
            said.append("no other job of its name runs")
        elif kind in _DEPENDS and "(fulfilled)" not in rest:
            jobs = ", ".join(re.sub(r"\(.*?\)|_\*|\+.*", "", one) for one in rest.split(":"))
            said.append(f"job {jobs} {_DEPENDS[kind]}")
    if any("(failed)" in part for part in text.split(",")):
        return "will never start: what it depends on failed"
    return f"waits until {' and '.join(said[:3])}" if said else ""


def ended(job: Job, uid: str) -> str:
    """Why a job ended; empty while it has not. `uid`: of the login that asks."""
    if not job.ended:
        return ""
    if job.state == "CANCELLED":
        return _cancelled(job, uid)
    if job.state == "FAILED":
        return _failed(job)
    said = _ENDED.get(job.state, job.state.lower().replace("_", " "))
    if job.state == "TIMEOUT" and job.limit_s:
        said += f" (limit {human_seconds(job.limit_s)})"
    if job.state in ("NODE_FAIL", "BOOT_FAIL") and job.nodes:
        said += f": {job.nodes}"
    return said


def _cancelled(job: Job, uid: str) -> str:
    if job.reason == "DependencyNeverSatisfied":
        return "cancelled: what it depends on failed"
    who = {"": "", "0": " by root", uid: " by you"}.get(job.by, f" by user {job.by}")
    return f"cancelled{who}{'' if job.start_at else ' before it started'}"


def _failed(job: Job) -> str:
    if job.signal == _NO_OUTPUT:
        return "could not write its output: does the folder of --output exist?"
    if job.signal:
        return f"killed by {_signal(job.signal)}"
    if job.exit_code and job.exit_code > _UNSEEN:
        name = _signal(job.exit_code - _UNSEEN)
        often = ", often for want of memory" if name == "SIGKILL" else ""
        return f"exit {job.exit_code} (killed by {name}{often})"
    if job.exit_code:
        return f"exit {job.exit_code}"
    # Slurm gives this reason also for a script that a signal ended.
    return "could not be started there" if job.reason == "JobLaunchFailure" else "failed"


def _signal(number: int) -> str:
    return f"SIG{_SIGNALS[number]}" if number in _SIGNALS else f"signal {number}"
