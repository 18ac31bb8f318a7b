"""Scripts in many people's styles, against entries that were written down by hand."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.journal.parse import is_script, parse
from expsyncd.journal.syntax import decoded

SCRIPTS = Path(__file__).parents[2] / "data" / "journal"
NAMES = sorted(path.stem for path in SCRIPTS.glob("*.expected"))
HEADING = "2024-03-01 baseline sweep, see notebook p. 12. lr=0.1 diverged!!"


def read(name):
    return parse(decoded((SCRIPTS / f"{name}.sh").read_bytes()))


def shown(entry):
    symbolic = "?" if entry.symbolic else "-"
    head = f"{entry.line}-{entry.last_line} {entry.state} {entry.kind} {symbolic}"
    command = entry.command.replace("\n", "\\n")
    return f"{head} | {command} | {entry.heading} | {' / '.join(entry.notes)}"


def test_there_are_enough_scripts():
    assert len(NAMES) >= 9


@pytest.mark.parametrize("name", [name for name in NAMES if name != "run_exps"])
def test_every_entry_is_found(name):
    expected = (SCRIPTS / f"{name}.expected").read_text().splitlines()[1:]
    assert [shown(entry) for entry in read(name).entries] == expected


def test_the_launch_script_of_the_issue():
    expected = (SCRIPTS / "run_exps.expected").read_text().replace("| H |", f"| {HEADING} |").splitlines()[1:]
    seeds = [0, 1, 2, 10, 11, 12]
    swept = [
        f"19-23 live loop ? | CUDA_VISIBLE_DEVICES={seed % 4} nohup python -u -m mypkg.train --lr {lr} --seed={seed}"
        f" --exp_name sweep_{lr}_s{seed} --out_dir=/data/$USER/exps/sweep/{lr}/{seed} | {HEADING} | "
        for lr in ("1e-3", "1e-4", "3e-5")
        for seed in seeds
    ]
    found = [shown(entry) for entry in read("run_exps").entries]
    assert [line for line in found if line.startswith("19-23")] == swept
    assert [line for line in found if not line.startswith("19-23")] == expected


def test_settings_of_the_launch_script():
    by_name = {}
    for entry in read("run_exps").entries:
        own = {key: value for key, value in entry.settings.items() if not key.startswith("sbatch.")}
        by_name[own.get("name") or own.get("exp_name") or own.get("exp") or entry.program] = own
        assert entry.settings["sbatch.gres"] == "gpu:4"
    assert by_name["foo"] == {"lr": "0.1", "exp_name": "foo"}
    assert by_name["sweep_3e-5_s11"] == {
        "CUDA_VISIBLE_DEVICES": "3", "lr": "3e-5", "seed": "11", "exp_name": "sweep_3e-5_s11",
        "out_dir": "/data/$USER/exps/sweep/3e-5/11",
    }  # fmt: skip
    assert by_name["ablation_a"] == {"name": "ablation_a", "aug": "false"}
    assert by_name["run.sbatch"] == {"LR": "1e-3"}
    assert by_name["inline"] == {"name": "inline", "lr": "3e-5"}
    assert by_name["srun1"] == {"srun.gres": "gpu:1", "name": "srun1"}
    assert by_name["acc1"] == {"config_file": "acc.yaml", "exp": "acc1"}
    assert [e.settings.get("sbatch.job-name") for e in read("run_exps").entries if e.line == 45] == ["here1"]
    assert [entry.folder for entry in read("run_exps").entries if entry.line in (50, 54)] == ["sub", "proj"]


def test_what_could_not_be_read_is_said():
    assert read("broken").trouble == "lines 2, 5: not valid shell, mended or left out"
    assert read("run_exps").trouble == ""


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("while read -r n lr; do python t.py --name $n --lr $lr; done <<E\na 1e-3\nb 1e-4\nE\n",
         ["python t.py --name a --lr 1e-3", "python t.py --name b --lr 1e-4"]),
        ("for f in cfg/{a,b}.yaml; do b=$(basename $f .yaml); python t.py --cfg $f --name ${b^^}; done",
         ["python t.py --cfg cfg/a.yaml --name A", "python t.py --cfg cfg/b.yaml --name B"]),
        ('ARGS=(--lr 1e-3 --tag "two words"); python t.py "${ARGS[@]}"', ["python t.py --lr 1e-3 --tag 'two words'"]),
        ("for s in $(seq 1 100000); do python t.py --s $s; done", ["python t.py --s $s"]),
        ("for ((i=4; i>0; i-=2)); do python t.py --s $i; done", ["python t.py --s 4", "python t.py --s 2"]),
        ("i=0; while [ $i -lt 3 ]; do python t.py --s $i; i=$((i+1)); done", ["python t.py --s $i"]),
        ("lr=1\nlr=2; python t.py --lr $lr\nlr=3\n", ["python t.py --lr 2"]),
        ("python t.py \\\n  --a 1 \\\n  --b 2", ["python t.py --a 1 --b 2"]),
        ("#python a.py --x 1\n# the python is slow\n#for s in 1 2; do\n#  python b.py --s $s\n#done",
         ["python a.py --x 1", "python b.py --s 1", "python b.py --s 2"]),
        ("if [ x ]; then LR=1; else LR=2; fi; python t.py --lr $LR", ["python t.py --lr $LR"]),
        ('LR=1; if [ -n "$1" ]; then LR=$1; fi; python t.py --lr $LR', ["python t.py --lr 1"]),
        ("for r in 4 16; do if [ $r -gt 8 ]; then b=8; else b=16; fi; python t.py --r $r --b $b; done",
         ["python t.py --r 4 --b 16", "python t.py --r 16 --b 8"]),
        ("M=a; if [[ $M == a ]]; then python a.py --x 1; else python b.py --x 1; fi", ["python a.py --x 1", "python b.py --x 1"]),
        ("i=0; for lr in 1 2 3; do CUDA_VISIBLE_DEVICES=$((i % 2)) python t.py --lr $lr; ((i++)); done",
         ["CUDA_VISIBLE_DEVICES=0 python t.py --lr 1", "CUDA_VISIBLE_DEVICES=1 python t.py --lr 2",
          "CUDA_VISIBLE_DEVICES=0 python t.py --lr 3"]),
        ("i=0; for x in a b; do python t.py --x $x --i $i; let i+=2; done", ["python t.py --x a --i 0", "python t.py --x b --i 2"]),
        ("i=0; for x in a b; do python t.py --x $x --i $((i++)); done", ["python t.py --x a --i $((i++))", "python t.py --x b --i $((i++))"]),
        ('go() { CUDA_VISIBLE_DEVICES=$1 python t.py "${@:2}"; }; go 0 --n 2 --z', ["CUDA_VISIBLE_DEVICES=0 python t.py --n 2 --z"]),
        ("# CUDA_VISIBLE_DEVICES=3 nohup python t.py --n 1 &\n# - python t.py --n 2  (best)\n# $ python t.py --n 3",
         ["CUDA_VISIBLE_DEVICES=3 nohup python t.py --n 1", "python t.py --n 2", "python t.py --n 3"]),
        ("# python main.py with dataset=cifar lr=0.1\nC='python t.py --a 1'\n# eval $C", ["python main.py with dataset=cifar lr=0.1", "python t.py --a 1"]),
        ("time ( python t.py --n 30 )", ["python t.py --n 30"]),
        ("srun -p gpu bash -c 'python t.py --n 1'", ["python t.py --n 1"]),
        ("ls cfg | xargs -n1 python t.py --cfg", ["python t.py --cfg {}"]),
        ('printf "%s\\n" "python t.py --n 1" "python t.py --n 2" | parallel -j2', ["python t.py --n 1", "python t.py --n 2"]),
        ('bsub -q gpu -J x "python t.py --n 16"', ["python t.py --n 16"]),
        ('A=1 B=2; python t.py --a $A --b "$B"', ["python t.py --a 1 --b 2"]),
        ("out=$(python t.py --n 7); echo $out", ["python t.py --n 7"]),
        ('python t.py --name a --out x "$@"', ["python t.py --name a --out x $@"]),
        ("python a.py --x 1\n# ^ diverged\npython b.py --x 1", ["python a.py --x 1", "python b.py --x 1"]),
        ("python -c 'import torch'; python -m pip install x; echo python t.py --x; ls", []),
        ("fairseq-train data --arch x --lr 1", ["fairseq-train data --arch x --lr 1"]),
        ("my_tool --a 1 --b 2; my_tool", ["my_tool --a 1 --b 2"]),
        ("uv run python t.py --a 1 && poetry run t.py --b=2", ["uv run python t.py --a 1", "poetry run t.py --b=2"]),
        ("until python t.py --lr 1; do sleep 60; done; while ! srun ./t.sh --n 2 && true; do :; done", ["python t.py --lr 1", "srun ./t.sh --n 2"]),
        ("n=0; until python t.py --lr 1 --try $n; do n=$((n+1)); done", ["python t.py --lr 1 --try $n"]),
        ("run() { python t.py --lr $1 --n $N; }\nCUDA_VISIBLE_DEVICES=0 run 1e-3 &\nCUDA_VISIBLE_DEVICES=1 N=2 run 1e-4 &",
         ["python t.py --lr 1e-3 --n $N", "python t.py --lr 1e-4 --n 2"]),
        ("cat <<E | ssh h bash -s > log\npython t.py --n 1\nE\ncat <<E | bash\npython t.py --n 2\nE", ["python t.py --n 1", "python t.py --n 2"]),
        ("python a.py --n 1 && python b.py --n 2 && bash <<E && python d.py --n 4\npython c.py --n 3\nE",
         ["python a.py --n 1", "python b.py --n 2", "python d.py --n 4", "python c.py --n 3"]),
        ("cat > j.sh <<E && sbatch j.sh\npython t.py --n 1\nE", ["sbatch j.sh", "python t.py --n 1"]),
        ("cd x && while read n; do python t.py --n $n; done <<E | tee log\n1\n2\nE", ["python t.py --n 1", "python t.py --n 2"]),
        ("python t.py --n 1 <<E | python plot.py --log x\nyes\nE", ["python t.py --n 1", "python plot.py --log x"]),
        ("N=9; bash <<< \"python t.py --n $N\" > l; at now + 1 hour <<< 'python u.py --n 8' &", ["python t.py --n 9", "python u.py --n 8"]),
        ("bash train.sh --lr 1 <<< yes; xargs -I{} python t.py --n {} <<E\n1\n2\nE", ["bash train.sh --lr 1", "python t.py --n 1", "python t.py --n 2"]),
        ("ssh h python t.py --n 1 <<E\nyes\nE", ["python t.py --n 1"]),
        ("python t.py --n 1 <<E > log 2>&1 &\nyes\nE\nssh h <<'E' &\npython t.py --n 2\nE\nbash > log <<-E &\npython t.py --n 3\nE\nwait",
         ["python t.py --n 1", "python t.py --n 2", "python t.py --n 3"]),
        ("cat l | parallel -j2 python t.py --n {}\nparallel python u.py --n {} :::: l\nparallel < l\npython v.py --n 1",
         ["python t.py --n {}", "python u.py --n {}", "python v.py --n 1"]),
        ("# go() {\n#   python t.py --n $1\n# }\ngo() { python u.py --n $1; }\n# go 1 &\n#CUDA_VISIBLE_DEVICES=0 go 2 7\n# go 3 times\ngo 4",
         ["python t.py --n $1", "python u.py --n 1", "python u.py --n 2", "python u.py --n 4"]),
        ('for n in 1 2; do echo "python t.py --n $n"; done | parallel -j2; for n in 3; do echo p; done | tee l', [f"python t.py --n {n}" for n in (1, 2)]),
        ("salloc -n1 --gres gpu:1 srun python t.py --n 1; salloc -p gpu", ["salloc -n1 --gres gpu:1 srun python t.py --n 1"]),
        ("r() { uv run $@; }; r; conda run; ssh-keygen -t rsa -b 4096; sbatch --nice --get-user-env j.sh", ["sbatch --nice --get-user-env j.sh"]),
    ],
)  # fmt: skip
def test_small_ones(text, commands):
    assert [entry.command for entry in parse(text).entries] == commands


def test_what_a_known_condition_leaves_out_is_commented():
    found = parse("M=a; if [[ $M == a ]]; then python a.py --x 1; else python b.py --x 1; fi").entries
    assert [entry.state for entry in found] == ["live", "commented"]


def test_a_string_of_lines_that_nothing_reads_is_commented():
    found = parse(": '\npython t.py --n 1\n'\n: ${LR:=1}\npython t.py --lr $LR").entries
    assert [(one.state, one.command) for one in found] == [
        ("commented", "python t.py --n 1"),
        ("live", "python t.py --lr 1"),
    ]


def test_an_arrow_points_up():
    found = parse("python a.py --x 1\n#   ^ diverged\n# next\npython b.py --x 1").entries
    assert [entry.notes for entry in found] == [["diverged"], ["next"]]
    found = parse("# python a.py --x 1\n#   ^ diverged\n# python b.py --x 1").entries
    assert [entry.notes for entry in found] == [["diverged"], []]


def test_arguments_of_the_script_are_no_value():
    assert parse('python t.py --out x "$@"').entries[0].settings == {"out": "x"}


PROSE = """
bash script for launching
python 3.8 needed
run this first
train with lr=0.1 and wd=0
srun is needed here
ssh into gpu2 first
docker needs root
sbatch only works on login nodes
torchrun hangs with nccl 2.1
source: https://x/y
export to onnx later
./train.sh is broken.
for all seeds in the paper use 3
while running check gpu
if it fails, rerun
cd to repo first
x = 3 is good
lr=0.1 diverged
seed=1 was lucky
accelerate config first
make sure to --resume
use --lr 1e-3 --bs 64
nohup keeps it alive
time per epoch: 3 min
python train.py is the entry point
python is slow
tmux attach -t x
see train.py --help for --lr and --bs options
screen -r base
eval on test gives 0.71
bash train.sh takes 3 days
best: --lr 1e-3 --wd 0.1
model=vit_b is better than model=vit_s
2023-05-01: python train.py --lr 1 gave 71.2
TODO python train.py with --mixup 0.2
parallel runs crash
ray is not installed
case study: x
function words only
wandb agent is buggy
usage: ./run.sh [gpu] [name]
Usage: bash run.sh --lr LR
https://x/y?a=b&c=d
acc=0.71, f1=0.65
""".strip().splitlines()


@pytest.mark.parametrize("sentence", PROSE)
def test_prose_is_no_command(sentence):
    assert parse(f"# {sentence}\n").entries == ()


def test_a_script_beside_gives_its_lines_to_sbatch():
    job = "#!/bin/bash\n#SBATCH --time=1:00\npython train.py --lr $LR --name $1\n"
    found = parse("sbatch --export=ALL,LR=1e-3 job.sh mine\n", {"job.sh": job}).entries
    assert [entry.command for entry in found] == [
        "sbatch --export=ALL,LR=1e-3 job.sh mine",
        "python train.py --lr 1e-3 --name mine",
    ]
    assert found[1].settings == {"sbatch.time": "1:00", "LR": "1e-3", "lr": "1e-3", "name": "mine"}


def test_any_bytes_are_text():
    raw = b"\xef\xbb\xbfpython t.py --name caf\xe9\r\n\tpython u.py --x\0 1 # note\r"
    assert [entry.command for entry in parse(decoded(raw)).entries] == [
        "python t.py --name café",
        "python u.py --x 1",
    ]
    assert "café" in decoded(b"# caf\xe9")
    assert decoded(b"\xef\xbb\xbfls\r\n") == "ls\n"


def test_what_is_no_shell_script():
    assert not is_script("#!/usr/bin/env python3\nimport os\n")
    assert not is_script('{"a": 1}')
    assert is_script("python train.py --lr 1\n")


HOSTILE = {
    "parentheses": "(" * 50_000,
    "conditions": "if true; then " * 3000,
    "substitutions": "$(" * 20_000,
    "quotes": '"' * 30_001,
    "braces": "{" * 30_000,
    "numbers": "echo {1..999}{1..999}{1..999}",
    "loops": "for a in {1..50}; do for b in {1..50}; do for c in {1..50}; do python t.py --a $a$b$c; done; done; done",
    "recursion": "f() { f; f; python t.py --x 1; }\nf",
    "doubling": "A=a;" + "A=$A$A;" * 60 + "python t.py --x $A",
    "heredocs": "cat <<A\n" * 3000,
    "broken": "for x in 1 2\npython t.py --n $x\n)\n" * 400,
    "nested shells": "bash -c 'bash -c \"" * 200,
    "patterns": "A=" + "a" * 1900 + "; python t.py --x ${A##*a*a*a*a*a*a*b}",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_scripts_end(name):
    started = time.process_time()
    reading = parse(HOSTILE[name])
    assert time.process_time() - started < 15
    assert len(reading.entries) <= 5000


SOME = st.text(st.sampled_from("pythn .-=${}()[]'\"`\\\n#;|&<>*1aABlr/~!:,%^@"), max_size=200)
WORDS = st.lists(
    st.sampled_from(
        ["python t.py", "--lr", "1e-3", "$x", "${x[@]}", "for x in 1 2", "; do", "done", "if", "then", "fi", "\n", "<<E", "E", "#", "'", '"',
         "`", "$(", ")", "{1..3}", "x=(1 2)", "f() {", "}", "f", "&&", "|", "case $x in", "a)", ";;", "esac", "\\\n", "sbatch", "ssh h", "bash -c"]
    ),
    max_size=40,
).map(" ".join)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(SOME | WORDS)
def test_any_text_is_read(text):
    for entry in parse(text).entries:
        assert entry.command
        assert 1 <= entry.line <= entry.last_line <= text.count("\n") + 1


def test_arguments_left_out_by_a_comment_are_no_heading():
    found = parse(
        "# == GAN ==\npython a.py \\\n  --lr 1 \\\n  # --wd 0.1 \\\n  --epochs 3\npython b.py --lr 2\n"
    ).entries
    assert [(entry.program, entry.heading) for entry in found] == [("a.py", "GAN"), ("b.py", "GAN")]
