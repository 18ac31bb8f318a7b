"""Sizes, docstrings, documents that keep up, nothing of this machine."""

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


def tracked() -> list[str]:
    listed = subprocess.run(
        ["git", "-c", f"safe.directory={CHECKOUT}", "ls-files", "-co", "--exclude-standard"],
        cwd=CHECKOUT,
        capture_output=True,
        check=False,
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


def test_every_command_is_in_the_documents():
    pages = [CHECKOUT / "README.md", *(CHECKOUT / "docs").glob("*.md")]
    text = "\n".join(page.read_text() for page in pages)
    assert [name for name in COMMANDS if not re.search(rf"(`|expsyncd ){name}\b(?!-)", text)] == []


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
