import pytest

from expsyncd.state.facts import Facts
from expsyncd.state.jobs import JobRow


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def job(number, host="hpc", submitted_at=1.0):
    return JobRow(
        host, number, "train", "PENDING", "waits for resources", "", "gpu", submitted_at, None, None, 3600.0, None, "",
        "/scratch/me", "/scratch/me/slurm-1.out", "", "train.sbatch", "", 9.0,
    )  # fmt: skip


def test_the_newest_stands_first_and_is_replaced(facts):
    facts.jobs.put([job("1"), job("2", submitted_at=2.0), job("7", "other", None)])
    facts.jobs.put([job("1")])
    assert [row.job for row in facts.jobs.known()] == ["7", "2", "1"]
    assert facts.jobs.known("other") == [job("7", "other", None)]


def test_shrunk_parts_of_an_array_are_dropped(facts):
    facts.jobs.put([job("5_[1-9]"), job("5_[1-9]", "other")])
    facts.jobs.drop("hpc", ["5_[1-9]", "6"])
    assert [(row.host, row.job) for row in facts.jobs.known()] == [("other", "5_[1-9]")]


def test_when_slurm_was_asked_is_remembered(facts):
    assert facts.jobs.asked_at("hpc") is None
    facts.jobs.note_asked("hpc", 7.5)
    facts.jobs.note_asked("hpc", 8.5)
    assert facts.jobs.asked_at("hpc") == 8.5
