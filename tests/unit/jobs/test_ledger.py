from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from expsyncd.jobs.job import Job
from expsyncd.jobs.ledger import Ledger, weigh
from expsyncd.jobs.output import Folder
from expsyncd.jobs.rows import Asker
from expsyncd.state.facts import Facts
from expsyncd.state.measured import MeasuredRow

ASKER = Asker("hpc", "1000", "me", str)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEGAN = NOW.timestamp() - 600
RUNS = Folder("runs", "/scratch/me/runs", lambda _: True)


class Scene:
    """A ledger over a real facts.db, and the runs that are known."""

    def __init__(self, facts, *runs):
        self.facts = facts
        self.runs = list(runs)
        self.ledger = Ledger(facts.jobs, lambda: self.runs)

    def take(self, queue, accounts, folders=(RUNS,)):
        found = weigh(ASKER, self.ledger.known("hpc"), queue, accounts, folders, NOW)
        self.ledger.keep("hpc", found)
        return found

    @property
    def kept(self):
        return {row.job: row for row in self.facts.jobs.known()}


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def measured(inside, host="hpc", source="runs"):
    return MeasuredRow(
        host, source, inside, "x", "tensorboard", "growing", "", BEGAN + 5, BEGAN + 500, 7, 1, 1
    )


def job(name="5", **more):
    return Job(
        name, **{"number": name, "state": "RUNNING", "start_at": BEGAN, "folder": "/scratch/me", **more}
    )


def test_jobs_are_kept_tied_and_their_files_wished(facts):
    scene = Scene(facts, measured(b"exp7"), measured(b"exp8"), measured(b"exp7", host="other"))
    found = scene.take([job(command="t.sh --name exp7")], [])
    assert (found.state.running, found.queued) == (1, True)
    assert found.wished == {"/scratch/me": ("slurm-5.out",)}
    assert (scene.kept["5"].source, scene.kept["5"].inside) == ("runs", b"exp7")


def test_what_was_wished_stays_wished(facts):
    scene = Scene(facts)
    scene.take([job("5")], [])
    made = Folder("slurm-me-1", "/scratch/me", lambda inside: inside == b"slurm-5.out", made=True)
    found = scene.take([job("5"), job("6")], [], [RUNS, made])
    assert found.wished == {"/scratch/me": ("slurm-5.out", "slurm-6.out")}


def test_output_inside_a_source_is_not_pulled_twice_and_is_found(facts):
    scene = Scene(facts)
    assert scene.take([job(output="/scratch/me/runs/a/%j.out")], []).wished == {}
    scene.ledger.note_logs("hpc", [RUNS])
    assert (scene.kept["5"].log_source, scene.kept["5"].log) == ("runs", b"a/5.out")


def test_a_run_that_appears_later_is_tied_then(facts):
    scene = Scene(facts)
    scene.take([job()], [])
    assert scene.kept["5"].source == ""
    scene.runs.append(measured(b"a"))
    scene.take([job()], [])
    assert scene.kept["5"].inside == b"a"
    scene.runs.append(measured(b"b"))
    scene.take([job()], [])
    assert scene.kept["5"].source == "", "either may be meant now"


def test_a_run_that_is_gone_stays_tied(facts):
    scene = Scene(facts, measured(b"a"))
    scene.take([job()], [])
    scene.runs.clear()
    scene.take([job()], [])
    assert scene.kept["5"].inside == b"a"


def test_arrays_that_shrink(facts):
    scene = Scene(facts)
    scene.take([Job("9_[1-3]", state="PENDING")], None)
    found = scene.take([Job("9_[2-3]", state="PENDING")], None)
    assert (list(scene.kept), found.state.pending) == (["9_[2-3]"], 2)


def test_output_of_long_ago_is_not_wished(facts):
    scene = Scene(facts)
    old = (NOW - timedelta(days=8)).timestamp()
    found = scene.take([], [job("4", state="COMPLETED", start_at=old, ended_at=old)])
    assert (found.wished, found.queued, set(scene.kept)) == ({}, False, {"4"})


def test_bytes_that_are_no_text_can_be_kept(facts):
    from expsyncd.jobs.queue import queue

    fields = [
        "5",
        "5",
        "RUNNING",
        "2026-11-26T11:50:00",
        *["N/A"] * 5,
        "gpu",
        "n1",
        "",
        "",
        "",
        "/a/\udcff",
        "/a",
        "",
        "\udcff\ud800",
    ]
    scene = Scene(facts)
    scene.take(queue("long", "\x1f".join(fields)), None)
    assert (scene.kept["5"].name, scene.kept["5"].output) == ("\ufffd\ufffd", "")


def test_many_jobs_and_runs_are_tied_in_time(facts):
    scene = Scene(facts, *(measured(b"exp%d" % number) for number in range(300)))
    jobs = [
        job(str(number), command=f"t.sh --name exp{number}", output=f"/o/{number}.out")
        for number in range(300)
    ]
    scene.take(jobs, [])
    assert all(row.inside == b"exp%d" % int(name) for name, row in scene.kept.items())


def test_when_it_was_asked(facts):
    ledger = Ledger(facts.jobs, list)
    assert ledger.asked_at("hpc") is None
    ledger.note_asked("hpc", NOW)
    assert ledger.asked_at("hpc") == NOW.timestamp()


def test_a_run_of_a_job_that_ended_is_no_other_jobs(facts):
    start, end = NOW.timestamp() - 5 * 3600, NOW.timestamp() - 2 * 3600
    scene = Scene(facts, replace(measured(b"exp7"), began_at=start + 60, newest_at=end))
    ended = job("4", command="t.sh --name exp7", state="COMPLETED", start_at=start, ended_at=end)
    for _ in range(2):
        scene.take([job("5", start_at=start)], [ended])
        assert {name: row.inside for name, row in scene.kept.items()} == {"4": b"exp7", "5": b""}
