from dataclasses import replace

from expsyncd.jobs.job import Job
from expsyncd.jobs.rows import Asker, alive, merged

ASKER = Asker("hpc", "1000", "me", lambda text: text.replace("hunter2", "***"))
NOW = 1000.0


def rows(known, queue, accounts):
    found, dropped = merged(ASKER, {row.job: row for row in known}, queue, accounts, NOW)
    return {row.job: row for row in found}, dropped


def running(job="5", **more):
    return Job(job, **{"number": "5", "state": "RUNNING", "start_at": 500.0, "folder": "/home/me", **more})


def test_a_running_job():
    found, dropped = rows([], [running(name="gan", limit_s=60.0, nodes="n1")], [])
    row = found["5"]
    assert (row.host, row.state, row.started_at, row.ended_at, row.seen_at) == (
        "hpc",
        "RUNNING",
        500.0,
        None,
        NOW,
    )
    assert (row.output, row.ended, row.reason, dropped) == ("/home/me/slurm-5.out", "", "", [])
    assert alive(row)


def test_when_it_may_start_is_no_start():
    row = rows([], [Job("5", state="PENDING", reason="Resources", start_at=2000.0)], None)[0]["5"]
    assert (row.started_at, row.expected_at, row.reason) == (None, 2000.0, "waits for free resources")
    assert rows([], [Job("5", state="PENDING", start_at=500.0)], None)[0]["5"].expected_at is None


def test_secrets_do_not_reach_the_facts():
    found = rows(
        [], [running(name="hunter2", command="x hunter2")], [Job("5", command="sbatch --token hunter2")]
    )[0]
    assert "hunter2" not in repr(found)


def test_squeue_is_believed_before_sacct():
    found = rows(
        [],
        [running()],
        [Job("5", state="REQUEUED"), Job("6", state="PENDING"), Job("7", state="FAILED", exit_code=1)],
    )[0]
    assert {name: row.state for name, row in found.items()} == {"5": "RUNNING", "7": "FAILED"}


def test_without_squeue_sacct_tells_all_and_nothing_is_taken_for_gone():
    known = list(rows([], [running("4"), running("5")], None)[0].values())
    found, dropped = rows(known, None, [Job("5", state="RUNNING"), Job("6", state="PENDING")])
    assert (set(found), dropped) == ({"5", "6"}, [])


def test_who_cancelled_it_and_the_line_that_submitted_it_come_from_sacct():
    told = Job("5", state="CANCELLED", by="1000", start_at=1.0, command="sbatch t.sh --lr 1")
    row = rows([], [Job("5", state="CANCELLED", start_at=1.0, command="/home/me/t.sh")], [told])[0]["5"]
    assert (row.ended, row.command) == ("cancelled by you", "sbatch t.sh --lr 1")


def test_what_sacct_does_not_tell_stays_known():
    known = list(rows([], [running(output="/o/%j.log", command="t.sh")], None)[0].values())
    row = rows(
        known,
        [],
        [Job("5", number="5", state="COMPLETED", start_at=500.0, ended_at=900.0, folder="/home/me")],
    )[0]["5"]
    assert (row.output, row.command, row.ended, row.ended_at) == ("/o/5.log", "t.sh", "completed", 900.0)


def test_parts_of_arrays_that_shrank_are_dropped():
    known = list(rows([], [Job("9_[1-3]", state="PENDING")], None)[0].values())
    found, dropped = rows(known, [Job("9_[2-3]", state="PENDING"), running("9_1")], None)
    assert (set(found), dropped) == ({"9_[2-3]", "9_1"}, ["9_[1-3]"])


def test_what_slurm_forgot_is_neither_running_nor_well():
    known = list(rows([], [running()], None)[0].values())
    row = rows(known, [], None)[0]["5"]
    assert (row.state, row.ended) == ("UNKNOWN", "Slurm tells nothing of it any more")
    later = rows([row], [], [Job("5", state="FAILED", exit_code=2, start_at=1.0)])[0]["5"]
    assert later.ended == "exit 2"
    assert rows([row], [], None)[0] == {}


def test_a_number_that_is_used_again_is_another_job():
    done = running(state="FAILED", name="gan", submitted_at=400.0, ended_at=600.0, command="sbatch gan.sh")
    first = replace(
        rows([], None, [done])[0]["5"], source="runs", inside=b"gan7", log_source="runs", log=b"gan7/out"
    )
    again = rows([first], [running(name="gan", submitted_at=700.0)], None)[0]["5"]
    assert (again.inside, again.log, again.command) == (b"gan7", b"gan7/out", "sbatch gan.sh"), "requeued"
    other = rows([first], [running(name="vae", submitted_at=700.0)], None)[0]["5"]
    assert (other.source, other.inside, other.log_source, other.log, other.command) == ("", b"", "", b"", "")
