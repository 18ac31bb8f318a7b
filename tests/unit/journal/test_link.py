"""Which command started which run, with the cases where a careless rule would be silently wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from expsyncd.journal.evidence import same
from expsyncd.journal.link import LinkRun, link
from expsyncd.journal.naming import rest_of
from expsyncd.journal.settings import settings_of
from expsyncd.state.entries import EntryRow
from expsyncd.state.jobs import JobRow

WRITTEN = 1000.0


def entry(command, host="gpu1", script=b"~/run.sh", line=1, kind="plain", first=WRITTEN, **more):
    words = command.split()
    own = settings_of(words)
    return EntryRow(
        f"{host}:{script.decode()}:{line}", host, script, line, line, command, words[1] if len(words) > 1 else words[0],
        kind, "", "", {**own, **more}, "live", "$" in command, first, first,
    )  # fmt: skip


def run(inside, host="gpu1", source="tb", began=2000.0, **settings):
    return LinkRun((host, source, inside.encode()), f"{host}/{inside}", began, settings)


def linked(entries, runs, **more):
    found = link(entries, runs, **more)
    return {(row.entry.rsplit(":", 1)[1], row.inside.decode()) for row in found.links}, found


@pytest.mark.parametrize(
    ("command", "inside"),
    [
        ("python t.py --name exp1", "exp1"),
        ("python t.py --exp_name exp1", "2024-03-01_exp1"),
        ("python t.py --exp-name exp1", "exp1_20240301-121530"),
        ("python t.py --logdir runs/exp1", "exp1"),
        ("python t.py --logdir=runs/exp1/", "runs/exp1/train"),
        ("python t.py --output_dir out/bert_lr1e-3_bs32", "bert_lr1e-3_bs32"),
        ("python t.py hydra.run.dir=outputs/base", "base/tb"),
        ("python t.py --trainer.default_root_dir runs/vit", "vit/lightning_logs/version_0"),
        ("python t.py --name exp1 --seed 3", "exp1_seed3"),
        ("python t.py --name exp1 --seed 3", "exp1_s3"),
        ("python t.py --run_name exp1 --bs 64", "exp1_bs64"),
        ("python t.py --save_dir ckpt/a/exp1", "a/exp1"),
        ("python t.py --experiment exp1", "logs/exp1/events"),
    ],
)
def test_names(command, inside):
    pairs, found = linked([entry(command)], [run(inside), run("another")])
    assert pairs == {("1", inside)}
    assert "named" in found.links[0].why


@pytest.mark.parametrize(
    ("command", "inside"),
    [
        ("python t.py --name exp1", "exp10"),
        ("python t.py --name exp1", "myexp1"),
        ("python t.py --name exp1", "exp1_ablation"),
        ("python t.py --name exp1 --seed 3", "exp1_seed4"),
        ("python t.py --name run", "runs/other"),
        ("python t.py --name $NAME", "NAME"),
        ("python t.py --lr 1e-3", "exp1"),
        ("python t.py --data exp1", "exp1"),
    ],
)
def test_what_is_not_the_same_name(command, inside):
    pairs, found = linked([entry(command)], [run(inside)])
    assert pairs == set()
    assert found.unlinked["gpu1:~/run.sh:1"]


def test_one_and_ten():
    entries = [entry("python t.py --name exp1", line=1), entry("python t.py --name exp10", line=2)]
    pairs, _ = linked(entries, [run("exp1"), run("exp10")])
    assert pairs == {("1", "exp1"), ("2", "exp10")}


def test_the_same_name_on_two_hosts():
    entries = [
        entry("python t.py --name exp1", "gpu1", line=1),
        entry("python t.py --name exp1", "gpu2", line=2),
    ]
    found = link(entries, [run("exp1", "gpu1"), run("exp1", "gpu2")])
    assert {(row.entry.split(":")[0], row.host) for row in found.links} == {
        ("gpu1", "gpu1"),
        ("gpu2", "gpu2"),
    }


def test_a_command_for_another_machine_finds_its_run_there():
    pairs, _ = linked([entry("python t.py --name far", kind="ssh")], [run("far", "gpu2")])
    assert pairs == {("1", "far")}
    pairs, _ = linked([entry("python t.py --name far")], [run("far", "gpu2")])
    assert pairs == set()


def test_two_runs_of_one_command_are_both_its_runs():
    pairs, _ = linked([entry("python t.py --name exp1")], [run("exp1_20240301"), run("exp1_20240302")])
    assert pairs == {("1", "exp1_20240301"), ("1", "exp1_20240302")}


def test_two_commands_that_fit_equally_are_told_and_not_linked():
    entries = [entry("python t.py --name exp1 --x 1", line=3), entry("python t.py --name exp1 --x 2", line=9)]
    pairs, found = linked(entries, [run("exp1")])
    assert pairs == set()
    assert found.unlinked["gpu1:~/run.sh:3"] == "ambiguous: gpu1/exp1 fits line 9 as well"
    # The run's own settings tell them apart.
    pairs, found = linked(entries, [run("exp1", x="2")])
    assert pairs == {("9", "exp1")}
    assert found.unlinked["gpu1:~/run.sh:3"] == (
        "the nearest is gpu1/exp1: named exp1, began within a day after it was written, but its x 2, not 1"
    )


def test_settings_alone_must_be_many_and_of_one_run():
    one = entry("python t.py --lr 1e-3 --bs 64 --depth 4 --width 2")
    same_four = {"lr": "0.001", "bs": "64", "depth": "4", "width": "2"}
    pairs, found = linked(
        [one], [run("2024-03-01/12-15-30", **same_four), run("b", **{**same_four, "lr": "0.1"})]
    )
    assert pairs == {("1", "2024-03-01/12-15-30")}
    assert "same lr, bs, depth and 1 more" in found.links[0].why
    pairs, found = linked([one], [run("a", **same_four), run("b", **same_four)])
    assert pairs == set()
    assert found.unlinked["gpu1:~/run.sh:1"] == "ambiguous: its settings fit gpu1/a, gpu1/b"
    pairs, _ = linked([one], [run("a", lr="0.001", bs="64")])
    assert pairs == set()


def test_a_run_that_began_before_its_command_was_written():
    late = entry("python t.py --name exp1", first=50_000.0)
    assert linked([late], [run("exp1")], oldest={("gpu1", b"~/run.sh"): 50_000.0})[0] == {("1", "exp1")}
    pairs, found = linked([late], [run("exp1")], oldest={("gpu1", b"~/run.sh"): 10.0})
    assert pairs == set()
    assert "began before" in found.unlinked["gpu1:~/run.sh:1"]


def test_folders_above_tell_equal_names_apart():
    entries = [
        entry("python t.py --logdir runs/a/base", line=1),
        entry("python t.py --logdir runs/b/base", line=2),
    ]
    pairs, _ = linked(entries, [run("a/base"), run("b/base")])
    assert pairs == {("1", "a/base"), ("2", "b/base")}


def test_what_the_person_said_wins():
    entries = [entry("python t.py --name exp1", line=1), entry("python t.py --name other", line=2)]
    runs = [run("exp1")]
    no = {("gpu1:~/run.sh:1", runs[0].key): False}
    assert linked(entries, runs, hand=no)[0] == set()
    yes = {("gpu1:~/run.sh:2", runs[0].key): True}
    pairs, found = linked(entries, runs, hand=yes)
    assert pairs == {("2", "exp1")}
    assert found.links[0].by_hand
    assert found.links[0].why == "you said so"


def test_a_job_ties_what_no_name_does():
    job = JobRow(
        "gpu1", "7", "vit", "RUNNING", "", "n1", "gpu", 1.0, 2.0, None, None, None, "", "/w", "", "", "/w/run.sbatch", "",
        3.0, "tb", b"2024/x",
    )  # fmt: skip
    submitted = entry("sbatch run.sbatch", kind="sbatch", **{"sbatch.job-name": "vit"})
    # As squeue tells it, and the line that sacct tells.
    for command in ("/w/run.sbatch", "sbatch --time 1:00 --nice ./run.sbatch"):
        pairs, found = linked([submitted], [run("2024/x")], jobs=[replace(job, command=command)])
        assert pairs == {("1", "2024/x")}
        assert found.links[0].why == "job 7 (vit)"
    told = replace(job, command="sbatch --time 1:00 run.sbatch b 'c d'")
    lines = [entry(f"sbatch run.sbatch {more}", kind="sbatch", line=line) for line, more in enumerate("ab")]
    assert linked(lines, [run("2024/x")], jobs=[told])[0] == set()
    lines.append(entry("sbatch run.sbatch b 'c d'", kind="sbatch", line=2))
    assert linked(lines, [run("2024/x")], jobs=[told])[0] == {("2", "2024/x")}
    again = entry("sbatch run.sbatch", kind="sbatch", line=2, **{"sbatch.job-name": "vit"})
    pairs, found = linked([submitted, again], [run("2024/x")], jobs=[job])
    assert pairs == set()
    assert found.unlinked["gpu1:~/run.sh:2"] == "ambiguous: gpu1/2024/x fits line 1 as well"


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1e-3", "0.001", True),
        ("true", "True", True),
        ("64", "64.0", True),
        ("'a'", "a", True),
        ("1e-3", "1e-4", False),
        ("a", "b", False),
    ],
)
def test_values(one, other, equal):
    assert same(one, other) is equal


def test_a_name_is_whole():
    assert rest_of("2024-03-01_exp1_s3", "exp1") == ["2024", "03", "01", "s3"]
    assert rest_of("exp10", "exp1") is None


def test_without_runs_it_says_so():
    _, found = linked([entry("python t.py --name exp1")], [])
    assert found.unlinked == {"gpu1:~/run.sh:1": "there are no runs yet"}


def test_many_are_linked_in_time():
    entries = [entry(f"python t.py --name exp{number} --lr 1e-3", line=number) for number in range(2000)]
    runs = [run(f"exp{number}", lr="1e-3") for number in range(1000)]
    pairs, _ = linked(entries, runs)
    assert len(pairs) == 1000


def test_a_run_of_just_this_name_is_found_among_many_that_hold_it():
    others = [run(f"gan_seed{number}", host) for host in ("gpu0", "gpu1") for number in range(300)]
    pairs, _ = linked([entry("python t.py --name gan")], [*others, run("gan")])
    assert pairs == {("1", "gan")}
    dated = run("2024-03-01_gan")
    assert linked([entry("python t.py --name gan")], [*others[:300], dated])[0] == {("1", "2024-03-01_gan")}
