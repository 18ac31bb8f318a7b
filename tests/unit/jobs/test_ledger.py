from datetime import UTC, datetime, timedelta

import pytest

from expsyncd.jobs.job import Job
from expsyncd.jobs.ledger import Ledger
from expsyncd.jobs.output import Folder
from expsyncd.jobs.rows import Asker
from expsyncd.state.facts import Facts
from expsyncd.state.measured import MeasuredRow

ASKER = Asker("hpc", "1000", "me", str)
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
BEGAN = NOW.timestamp() - 600
RUNS = Folder("runs", "/scratch/me/runs", lambda _: True)


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


def kept(facts):
    return {row.job: row for row in facts.jobs.known()}


def test_jobs_are_kept_tied_and_their_files_wished(facts):
    ledger = Ledger(
        facts.jobs, lambda: [measured(b"exp7"), measured(b"exp8"), measured(b"exp7", host="other")]
    )
    taken = ledger.take(ASKER, [job(name="5", command="t.sh --name exp7")], [], [RUNS], NOW)
    assert (taken.state.running, taken.queued) == (1, True)
    assert taken.wished == {"/scratch/me": ("slurm-5.out",)}
    assert (kept(facts)["5"].source, kept(facts)["5"].inside) == ("runs", b"exp7")


def test_output_inside_a_source_is_not_pulled_twice_and_is_found(facts):
    ledger = Ledger(facts.jobs, list)
    taken = ledger.take(ASKER, [job(output="/scratch/me/runs/a/%j.out")], [], [RUNS], NOW)
    assert taken.wished == {}
    ledger.note_logs("hpc", [RUNS])
    assert (kept(facts)["5"].log_source, kept(facts)["5"].log) == ("runs", b"a/5.out")


def test_a_run_that_appears_later_is_tied_then(facts):
    runs: list[MeasuredRow] = []
    ledger = Ledger(facts.jobs, lambda: runs)
    ledger.take(ASKER, [job()], [], [RUNS], NOW)
    assert kept(facts)["5"].source == ""
    runs.append(measured(b"a"))
    ledger.take(ASKER, [job()], [], [RUNS], NOW)
    assert kept(facts)["5"].inside == b"a"
    runs.append(measured(b"b"))
    ledger.take(ASKER, [job()], [], [RUNS], NOW)
    assert kept(facts)["5"].source == "", "either may be meant now"


def test_a_run_that_is_gone_stays_tied(facts):
    runs = [measured(b"a")]
    ledger = Ledger(facts.jobs, lambda: runs)
    ledger.take(ASKER, [job()], [], [RUNS], NOW)
    runs.clear()
    ledger.take(ASKER, [job()], [], [RUNS], NOW)
    assert kept(facts)["5"].inside == b"a"


def test_arrays_that_shrink(facts):
    ledger = Ledger(facts.jobs, list)
    ledger.take(ASKER, [Job("9_[1-3]", state="PENDING")], None, [], NOW)
    taken = ledger.take(ASKER, [Job("9_[2-3]", state="PENDING")], None, [], NOW)
    assert (list(kept(facts)), taken.state.pending) == (["9_[2-3]"], 2)


def test_output_of_long_ago_is_not_wished(facts):
    ledger = Ledger(facts.jobs, list)
    old = (NOW - timedelta(days=8)).timestamp()
    done = job("4", state="COMPLETED", start_at=old, ended_at=old)
    taken = ledger.take(ASKER, [], [done], [], NOW)
    assert (taken.wished, taken.queued, set(kept(facts))) == ({}, False, {"4"})


def test_when_it_was_asked(facts):
    ledger = Ledger(facts.jobs, list)
    assert ledger.asked_at("hpc") is None
    ledger.note_asked("hpc", NOW)
    assert ledger.asked_at("hpc") == NOW.timestamp()
    assert ledger.summary("hpc", NOW).running == 0
