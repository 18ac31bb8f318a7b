"""Our reading of include and exclude patterns against rsync's own, on any patterns at all."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from expsyncd.pull.listing import unescape
from expsyncd.pull.patterns import filter_of

EXAMPLES = int(os.environ.get("EXPSYNCD_PATTERNS", "60"))
FOLDERS = [b"a", b"ab", b"foo", b"[x]"]
FILES = [b"a.csv", b"b-c", b"x*", b"]", b"a\\b", b"\xff", b"-", b"B", b".hid"]
PIECES = ["a", "b", "ab", "*", "**", "***", "?", "/", "[x]", "[", "]", "[a-c]", "[!a]", "[^ab]", "\\", "[[:alpha:]]",
          "[[:foo:]]", "[]a]", "foo", ".csv", "x", "-", "[a\\]b]", "[[:", "[\\x]", "[b-a]", "[-a]", "[a-]", "\\["]  # fmt: skip
patterns = st.lists(st.sampled_from(PIECES), min_size=1, max_size=4).map("".join)
# hosts.yaml refuses rsync's own signs at the beginning.
rules = st.tuples(
    st.sampled_from(["--include=", "--exclude="]), patterns.filter(lambda p: p[:2] != "- ")
).map("".join)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    base = os.fsencode(tmp_path_factory.mktemp("tree"))
    paths: dict[bytes, bool] = {}

    def fill(inside: bytes, depth: int) -> None:
        for name in FILES:
            Path(os.fsdecode(base + b"/" + inside + name)).write_bytes(b"")
            paths[inside + name] = False
        for name in FOLDERS if depth else []:
            os.mkdir(base + b"/" + inside + name)
            paths[inside + name] = True
            fill(inside + name + b"/", depth - 1)

    fill(b"", 2)
    return base, paths


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(rules, min_size=1, max_size=3), only=st.booleans())
def test_the_same_files_are_taken(tree, tmp_path, chosen, only):
    base, paths = tree
    arguments = [*chosen, *(["--exclude=*"] if only else [])]
    done = subprocess.run(
        ["rsync", "-n", "-r", "--out-format=%n", *arguments, base + b"/", f"{tmp_path}/none/"],
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    said = {unescape(line).rstrip(b"/") for line in done.stdout.splitlines()}
    taken = filter_of(arguments)
    ours: set[bytes] = set()
    for path, folder in paths.items():
        parent = path.rpartition(b"/")[0]
        if (not parent or parent in ours) and taken.takes(path, folder=folder):
            ours.add(path)
    assert ours == said & set(paths)
