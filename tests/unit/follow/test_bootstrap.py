"""The script that is sent: Python 3.6, nothing but the standard library, one line that every shell reads alike."""

from __future__ import annotations

import ast
import shlex
import subprocess
import sys

import pytest

from expsyncd.follow.bootstrap import MODULES, PACKAGE, bootstrap
from unit.habits.source_tree import file_of, foreign_imports, imports, modules

OURS = sorted(name for name in modules() if name.startswith("follow.agent."))


def test_the_command_is_one_word_for_python():
    command, script = bootstrap()
    words = shlex.split(command)
    assert words[:6] == ["exec", "python3", "-I", "-S", "-B", "-u"]
    assert words[6] == "-c"
    assert not set(words[7]) & set("'\n!`$\\")
    assert f"read({len(script)})" in words[7]
    compile(words[7], "command", "exec")


@pytest.mark.parametrize("name", OURS)
def test_the_syntax_is_that_of_python_3_6(name):
    ast.parse(file_of(name).read_text(), feature_version=(3, 6))


def test_the_whole_script_is_python_3_6():
    ast.parse(bootstrap().script.decode(), feature_version=(3, 6))


def test_an_older_python_says_so():
    old = b"import sys; sys.version_info = (3, 5, 3)\n"
    done = subprocess.run(
        [sys.executable, "-"], input=old + bootstrap().script, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr == b"its python3 is 3.5.3, following needs 3.6\n"


# What Python 3.6 had is still here; what came later is not to be used, so only names that are as old.
OLD_ENOUGH = {
    "collections", "ctypes", "errno", "hashlib", "json", "os", "re", "select", "signal", "stat", "struct", "sys", "time", "typing",
}  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_nothing_but_the_standard_library_and_each_other(name):
    assert foreign_imports(name) <= OLD_ENOUGH <= sys.stdlib_module_names
    assert all(other.startswith("follow.agent") for other in imports(name))


def test_all_of_it_is_sent_in_the_order_of_imports():
    assert sorted(f"follow.agent.{name}" for name in MODULES) == OURS
    sent: set[str] = set()
    for name in MODULES:
        assert imports(f"follow.agent.{name}") - {"follow.agent"} <= sent
        sent.add(f"follow.agent.{name}")
    assert PACKAGE == "expsyncd.follow.agent"
