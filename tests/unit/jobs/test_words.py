import pytest

from expsyncd.jobs.job import Job
from expsyncd.jobs.words import depends, ended, reason


def waiting(word, **more):
    return reason(Job("5", state="PENDING", reason=word, **more))


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("Resources", "waits for free resources"),
        ("Priority", "others go first (priority)"),
        ("BeginTime", "waits for its begin time"),
        ("JobArrayTaskLimit", "as many tasks of the array run as it allows"),
        ("QOSMaxJobsPerUserLimit", "you have as many jobs running as the QOS allows"),
        ("QOSGrpCpuLimit", "a limit of its QOS is reached (QOSGrp Cpu Limit)"),
        ("AssocGrpGRES", "a limit of your account is reached (Assoc Grp GRES)"),
        ("DependencyNeverSatisfied", "will never start: what it depends on failed"),
        ("ReqNodeNotAvail", "a node it asks for is not available"),
        ("ReqNodeNotAvail, UnavailableNodes:n[1-3]", "a node it asks for is not available (UnavailableNodes:n[1-3])"),
        ("Dependency", "waits for another job"),
        ("SomethingNew", "Something New"),
        ("", ""),
    ],
)  # fmt: skip
def test_why_it_waits(word, said):
    assert waiting(word) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("afterok:1(unfulfilled)", "waits until job 1 has succeeded"),
        ("afterok:1_*(unfulfilled)", "waits until job 1 has succeeded"),
        ("afterany:1:2", "waits until job 1, 2 has ended"),
        ("afterok:1(fulfilled),afternotok:2(unfulfilled)", "waits until job 2 has failed"),
        ("afterok:1(failed)", "will never start: what it depends on failed"),
        ("singleton(unfulfilled)", "waits until no other job of its name runs"),
        ("nonsense", ""),
    ],
)
def test_dependencies(text, said):
    assert depends(text) == said
    if said:
        assert waiting("Dependency", depends=text) == said


def test_requeued():
    assert waiting("BeginTime", restarts=2) == "requeued, start 3: waits for its begin time"
    held = Job("5", state="REQUEUE_HOLD", reason="")
    assert reason(held) == "requeued: held after it was requeued: `scontrol release` lets it go"
    assert reason(Job("5", state="RUNNING", reason="Resources")) == ""


@pytest.mark.parametrize(
    ("job", "said"),
    [
        (Job("5", state="COMPLETED", exit_code=0), "completed"),
        (Job("5", state="FAILED", exit_code=3), "exit 3"),
        (Job("5", state="FAILED", exit_code=0, signal=11), "killed by SIGSEGV"),
        (Job("5", state="FAILED", exit_code=137), "exit 137 (killed by SIGKILL, often for want of memory)"),
        (Job("5", state="FAILED", exit_code=143), "exit 143 (killed by SIGTERM)"),
        (Job("5", state="FAILED", exit_code=0, signal=53), "could not write its output: does the folder of --output exist?"),
        (Job("5", state="FAILED", reason="JobLaunchFailure"), "could not be started there"),
        (Job("5", state="FAILED", reason="JobLaunchFailure", exit_code=0, signal=11), "killed by SIGSEGV"),
        (Job("5", state="FAILED", exit_code=0), "failed"),
        (Job("5", state="FAILED", exit_code=250), "exit 250 (killed by signal 122)"),
        (Job("5", state="TIMEOUT", limit_s=3600.0), "out of time (limit 1h)"),
        (Job("5", state="OUT_OF_MEMORY"), "out of memory"),
        (Job("5", state="PREEMPTED"), "preempted by another job"),
        (Job("5", state="NODE_FAIL", nodes="n7"), "its node failed: n7"),
        (Job("5", state="CANCELLED", by="1000", start_at=1.0), "cancelled by you"),
        (Job("5", state="CANCELLED", by="0", start_at=1.0), "cancelled by root"),
        (Job("5", state="CANCELLED", by="77", start_at=1.0), "cancelled by user 77"),
        (Job("5", state="CANCELLED"), "cancelled before it started"),
        (Job("5", state="CANCELLED", reason="DependencyNeverSatisfied"), "cancelled: what it depends on failed"),
        (Job("5", state="SOMETHING_NEW"), "something new"),
        (Job("5"), "Slurm tells nothing of it any more"),
        (Job("5", state="RUNNING"), ""),
        (Job("5", state="PENDING"), ""),
    ],
)  # fmt: skip
def test_why_it_ended(job, said):
    assert ended(job, "1000") == said
