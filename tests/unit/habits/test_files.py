"""Sizes, docstrings, tests at their own path, documents that keep up, nothing of this machine."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess

import pytest

from expsyncd.cli.main import COMMANDS
from unit.habits.source_tree import CHECKOUT, file_of, modules

LONGEST = 300
MEDIAN = 120

# Modules without a test file of their own name, and what covers them. This list only shrinks.
COVERED_ELSEWHERE = {
    "app": "integration/test_daemon", "board": "integration/test_points", "ground": "faults/test_root",
    "host": "integration/test_daemon", "once": "integration/test_daemon", "premises": "faults/test_kill",
    "roster": "integration/test_daemon", "process": "integration/test_process",
    "pull.carry": "faults/test_data_safety", "pull.grown": "faults/test_data_safety", "pull.keeper": "integration/test_points",
    "pull.puller": "faults/test_data_safety", "pull.source": "faults/test_data_safety",
    "tensorboard.shelf": "integration/test_points", "tensorboard.keeper": "integration/test_tensorboard",
    "tensorboard.links": "unit/tensorboard/test_view",
    "config.watch": "integration/test_daemon", "config.checks": "unit/config/test_load", "config.intervals": "unit/config",
    "mirror.inbox": "integration/test_watch", "state.facts_schema": "unit/state/test_facts", "state.sqlite": "unit/state/test_facts",
    "state.thread": "integration/test_daemon",
    "cli.run": "integration/test_daemon", "cli.watch": "integration/test_daemon", "cli.wishes": "integration/test_daemon",
    "cli.pull": "integration/test_daemon", "cli.bars": "integration/test_daemon", "cli.status": "integration/test_daemon",
    "cli.logs": "integration/test_daemon", "cli.open": "integration/test_daemon", "cli.adopt": "integration/test_daemon",
    "cli.versions": "faults/test_data_safety", "cli.login": "integration/test_login", "cli.group": "unit/cli/test_main",
    "config.model": "unit/config/test_load", "control.client": "integration/test_control",
    "control.listener": "integration/test_control", "verbs": "integration/test_daemon",
    "mirror.watch": "integration/test_watch", "cli.demo": "integration/test_demo", "pull.globs": "integration/test_daemon",
}  # fmt: skip
WHOLE_PACKAGES_COVERED = {
    "config": "unit/config",
    "ssh": "integration/test_connection",
    "demo": "integration/test_demo",
}


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=CHECKOUT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.decode().splitlines() if (CHECKOUT / name).is_file()]


def test_no_file_is_too_long():
    lengths = {name: len(file_of(name).read_bytes().splitlines()) for name in modules()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST} == {}
    assert statistics.median(lengths.values()) < MEDIAN


def test_every_module_says_what_it_is_for():
    assert [name for name, tree in modules().items() if not ast.get_docstring(tree)] == []


def test_every_module_has_its_test():
    tests = {path.relative_to(CHECKOUT / "tests") for path in (CHECKOUT / "tests").rglob("test_*.py")}
    names = {str(path.with_suffix("")) for path in tests}
    without = []
    for name in modules():
        *packages, last = name.split(".")
        own = "/".join(["unit", *packages, f"test_{last}"])
        if not name or file_of(name).name == "__init__.py" or own in names:
            continue
        if (name not in COVERED_ELSEWHERE and packages[:1] and packages[0] not in WHOLE_PACKAGES_COVERED) or (
            not packages and name not in COVERED_ELSEWHERE and f"integration/test_{last}" not in names
        ):
            without.append(name)
    assert without == []
    for cover in (*COVERED_ELSEWHERE.values(), *WHOLE_PACKAGES_COVERED.values()):
        assert (CHECKOUT / "tests" / cover).is_dir() or (CHECKOUT / "tests" / f"{cover}.py").exists(), cover


def test_every_command_is_in_the_readme():
    text = (CHECKOUT / "README.md").read_text()
    assert [name for name in COMMANDS if f"`{name}" not in text and f"expsyncd {name}" not in text] == []


def test_every_make_target_has_its_line_of_help():
    makefile = (CHECKOUT / "Makefile").read_text()
    targets = re.findall(r"^([a-z][a-z-]*):(.*)$", makefile, re.MULTILINE)
    assert [name for name, rest in targets if "##" not in rest and name != "style"] == []


def test_nothing_of_this_machine_is_in_the_files():
    # Put together here, so that this file does not hold them itself.
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "deb." + "debian.org", "registry." + "npmjs.org"]
    places = ["/wo" + "rk/", "/ro" + "ot/.", "/opt/" + "wheels", "/tm" + "p/w/"]
    wrong = []
    for name in tracked():
        text = (CHECKOUT / name).read_bytes()
        wrong += [(name, word) for word in [*hosts, *places] if word.encode() in text]
    assert wrong == []


def test_links_of_the_documents_lead_somewhere():
    broken = []
    for name in tracked():
        if name.endswith(".md"):
            path = CHECKOUT / name
            for goal in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
                broken += [] if (path.parent / goal).exists() else [(name, goal)]
    assert broken == []
