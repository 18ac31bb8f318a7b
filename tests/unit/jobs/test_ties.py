from dataclasses import replace

from expsyncd.jobs.ties import Candidate, tied
from expsyncd.state.jobs import JobRow

ROW = JobRow(
    "hpc", "1", "train", "RUNNING", "", "n1", "gpu", 900.0, 1000.0, None, None, None, "", "/scratch/me/gan",
    "/scratch/me/gan/slurm-1.out", "", "sbatch train.sbatch", "", 2000.0,
)  # fmt: skip


def run(name, began_at=1010.0, newest_at=1900.0, top="/scratch/me/gan/runs"):
    return Candidate("runs", name.encode(), f"{top}/{name}", began_at, newest_at)


def ties(jobs, runs):
    return {job: one.inside.decode() for job, one in tied(jobs, runs).items()}


def test_by_the_folder_it_works_in():
    assert ties([replace(ROW, folder="/scratch/me/gan/runs/a/code")], [run("a"), run("b")]) == {"1": "a"}


def test_by_where_it_writes():
    assert ties([replace(ROW, output="/scratch/me/gan/runs/b/out.txt")], [run("a"), run("b")]) == {"1": "b"}


def test_by_a_path_in_its_command():
    assert ties([replace(ROW, command="sbatch t.sh --logdir=runs/b")], [run("a"), run("b")]) == {"1": "b"}


def test_by_its_name():
    assert ties([replace(ROW, name="Exp7")], [run("exp7"), run("exp8")]) == {"1": "exp7"}
    assert ties([replace(ROW, command="sbatch t.sh --name exp8")], [run("exp7"), run("exp8")]) == {
        "1": "exp8"
    }
    assert ties([replace(ROW, output="/scratch/me/gan/logs/exp7.out")], [run("exp7"), run("exp8")]) == {
        "1": "exp7"
    }


def test_a_longer_name_is_another_one():
    assert ties([replace(ROW, command="sbatch t.sh --name exp7-lr3")], [run("exp7"), run("other")]) == {}


def test_by_times_only_when_nothing_else_could_be_meant():
    assert ties([ROW], [run("a")]) == {"1": "a"}
    assert ties([ROW], [run("a"), run("b")]) == {}, "two runs began while it ran"
    assert ties([ROW, replace(ROW, job="2")], [run("a")]) == {}, "two jobs ran when it began"


def test_each_task_of_an_array_has_its_own():
    tasks = [replace(ROW, job=f"9_{n}", command=f"t.sh --logdir runs/s{n}0") for n in (1, 2, 3)]
    assert ties(tasks, [run(f"s{n}0") for n in (1, 2, 3)]) == {"9_1": "s10", "9_2": "s20", "9_3": "s30"}


def test_times_exclude():
    old = run("exp7", began_at=10.0, newest_at=500.0)
    assert ties([replace(ROW, name="exp7")], [old]) == {}, "nothing was written to it since"
    ended = replace(ROW, name="exp7", state="COMPLETED", ended_at=1100.0)
    assert ties([ended], [run("exp7", began_at=5000.0, newest_at=6000.0)]) == {}
    assert ties([replace(ROW, name="exp7")], [run("exp7", began_at=10.0)]) == {"1": "exp7"}, (
        "it goes on with it"
    )


def test_a_job_that_has_not_started_has_none():
    assert ties([replace(ROW, name="exp7", started_at=None)], [run("exp7")]) == {}


def test_equal_names_in_two_folders_stay_apart():
    runs = [run("exp7"), Candidate("old", b"exp7", "/scratch/me/old/exp7", 1010.0, 1900.0)]
    assert ties([replace(ROW, folder="/elsewhere", name="exp7")], runs) == {}
    assert ties([replace(ROW, name="exp7")], runs) == {"1": "exp7"}, "below the folder it works in"


def test_the_inner_of_two_runs():
    outer = Candidate("runs", b"", "/scratch/me/gan/runs", 1010.0, 1900.0)
    assert ties([replace(ROW, folder="/scratch/me/gan/runs/a")], [outer, run("a")]) == {"1": "a"}


def test_words_that_are_no_names():
    assert ties([replace(ROW, name="train", folder="/x")], [run("train"), run("a")]) == {}
