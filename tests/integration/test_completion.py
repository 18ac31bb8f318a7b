"""Completion in real shells."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from expsyncd.paths import Paths
from support.catalogues import catalogue, run

ASKS = {
    "bash": 'eval "$(expsyncd completion bash)"; COMP_WORDS=(expsyncd {words}); COMP_CWORD={last}; _expsyncd;'
    ' printf "%s\\n" "${{COMPREPLY[@]}}"',
    "fish": 'expsyncd completion fish | source; complete -C "expsyncd {words}"',
}


@pytest.mark.parametrize("shell", ASKS)
@pytest.mark.parametrize(
    ("words", "expected"),
    [("sh", ["show"]), ("show gpu1/", ["gpu1/gan/a", "gpu1/gan/b"]), ("runs --li", ["--limit"])],
)
def test_a_shell_completes(tmp_path, shell, words, expected):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path),
        "PATH": f"{os.path.dirname(sys.executable)}:{os.environ['PATH']}",
    }
    environment.pop("EXPSYNCD_CONFIG", None)
    catalogue(
        Paths.of(environment).catalogue_db, (run("gpu1/gan/a"),), (run("gpu1/gan/b"),), (run("gpu2/b"),)
    )
    asks = ASKS[shell].format(words=words, last=len(words.split()))
    done = subprocess.run(
        [shell, "-c", asks], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, expected, "")
