import subprocess

import pytest

from expsyncd.doctor.asks import SCRIPT, judge


@pytest.mark.parametrize(
    ("answer", "slurm", "gpus", "words"),
    [
        (
            "squeue=there\nsacct=there\nnvidia-smi=there\nlooked=yes\n",
            True,
            True,
            {"slurm": "ok", "gpus": "ok"},
        ),
        ("squeue=there\nlooked=yes\n", True, False, {"slurm": "note"}),
        ("looked=yes\n", True, True, {"slurm": "problem", "gpus": "problem"}),
        ("looked=yes\n", False, False, {}),
        ("squeue=there\nnvidia-smi=there\nlooked=yes\n", False, False, {"slurm": "note", "gpus": "note"}),
        ("", True, False, {"slurm": "unknown"}),
        ("", False, False, {}),
    ],
)
def test_what_is_asked_and_what_is_there(answer, slurm, gpus, words):
    assert {found.area: found.word for found in judge(answer, slurm=slurm, gpus=gpus)} == words


def test_what_is_missing_has_its_fix():
    slurm, gpus = judge("looked=yes", slurm=True, gpus=True)
    assert "`slurm: false`" in slurm.fix
    assert "`gpus: false`" in gpus.fix


def test_the_script_only_looks(tmp_path):
    for name in ("squeue", "nvidia-smi"):
        (tmp_path / name).write_text("#!/bin/sh\ntouch called\n")
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["/bin/sh"], input=SCRIPT, env={"PATH": str(tmp_path)}, cwd=tmp_path, capture_output=True, text=True, check=True
    )  # fmt: skip
    assert {"squeue=there", "nvidia-smi=there", "looked=yes"} <= set(done.stdout.splitlines())
    assert not (tmp_path / "called").exists()
