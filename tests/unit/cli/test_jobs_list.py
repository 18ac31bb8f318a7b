from dataclasses import replace

from expsyncd.cli.jobs_list import as_json, chosen, left_s, run_of, table, why
from expsyncd.cli.runs_view.grid import lines
from expsyncd.state.jobs import JobRow

NOW = 100_000.0
ROW = JobRow(
    "hpc", "5", "gan", "RUNNING", "", "n1", "gpu", NOW - 7200, NOW - 3600, None, 14400.0, None, "", "/scratch/me",
    "/scratch/me/slurm-5.out", "", "sbatch t.sh", "", NOW, "runs", b"exp7", "runs", b"exp7/slurm-5.out",
)  # fmt: skip
WAITING = replace(
    ROW, job="6_[1-3]", state="PENDING", reason="waits for free resources", started_at=None, source="", inside=b"",
    expected_at=NOW + 300, log_source="", log=b"",
)  # fmt: skip
ENDED = replace(
    ROW, job="4", name="vae", state="OUT_OF_MEMORY", ended="out of memory", ended_at=NOW - 60, exit_code=0
)
OLD = replace(ENDED, job="3", name="old", state="COMPLETED", ended="completed", ended_at=NOW - 90_000)
ALL = [OLD, ENDED, WAITING, ROW]
RUNS = {("hpc", "runs", b"exp7"): "hpc/exp7"}


def names(**asked):
    given = {"names": [], "host": None, "states": [], "since": None, **asked}
    return [
        row.job for row in chosen(ALL, RUNS, given["names"], given["host"], given["states"], given["since"])
    ]


def test_what_runs_stands_first():
    assert names() == ["5", "6_[1-3]", "3", "4"]
    assert names(since=NOW - 86_400) == ["5", "6_[1-3]", "4"]


def test_filters():
    assert names(states=["out-of-memory", "running"]) == ["5", "4"]
    assert names(host="other") == []
    assert names(names=["vae"]) == ["4"]
    assert names(names=["6"]) == ["6_[1-3]"]
    assert names(names=["hpc/5"]) == ["5"]
    assert names(names=["*exp7"]) == ["5", "3", "4"]


def test_a_screen_of_80_columns():
    shown = lines(table([ROW, WAITING, ENDED], RUNS, NOW, 80, "~"))
    assert shown == [
        "JOB      NAME  STATE          TIME  RUN       WHY",
        "5        gan   running          1h  hpc/exp7  n1, 3h left",
        "6_[1-3]  gan   pending          2h            waits for free resources; in 5m",
        "4        vae   out-of-memory   59m  hpc/exp7  out of memory, 1m ago",
    ]
    assert max(map(len, shown)) <= 80


def test_names_do_nothing_to_the_terminal():
    evil = replace(ROW, name="\x1b[31mred\u202e\nline", node="n\x07")
    assert all(line.isprintable() for line in lines(table([evil], RUNS, NOW, 80, "~")))


def test_time_left():
    assert left_s(ROW, NOW) == 10_800.0
    assert left_s(ROW, NOW + 50_000) == 0.0
    assert left_s(WAITING, NOW) is None
    assert why(replace(ROW, limit_s=None), NOW) == "n1"


def test_a_run_that_the_catalogue_does_not_know_has_its_folder():
    assert run_of(ROW, {}) == "hpc/exp7"
    assert run_of(replace(ROW, inside=b""), {}) == "hpc/runs"
    assert run_of(WAITING, RUNS) == ""


def test_json():
    found = as_json(ROW, RUNS, NOW)
    assert (found["job"], found["state"], found["run"], found["left_seconds"]) == (
        "5",
        "RUNNING",
        "hpc/exp7",
        10_800,
    )
    assert found["started_at"] == "1970-01-02T02:46:40.000Z"
    assert found["log"] == "hpc/runs/exp7/slurm-5.out"
    assert as_json(WAITING, RUNS, NOW)["run"] is None
