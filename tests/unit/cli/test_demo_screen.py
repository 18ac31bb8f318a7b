"""What the demo prints, in a pipe and at its end."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from expsyncd.cli.demo_screen import Figures, Screen, introduce, summarise
from expsyncd.demo.check import Kind, Verdict
from expsyncd.demo.places import Places


@pytest.fixture
def console():
    return Console(file=io.StringIO(), width=80)


def _said(console) -> str:
    return str(console.file.getvalue())


def test_figures_are_one_line():
    line = Figures(points=284, newest_s=1.44, files=19, bytes=2_400_000, images=12).line(65)
    assert line == "1m   284 points (newest 1.4 s old)   19 files, 2.4 MB   12 images"


def test_without_points_there_is_no_age():
    assert Figures().line(0) == "0s   0 points   0 files, 0 B   0 images"


def test_a_pipe_gets_a_line_now_and_then_and_no_escapes(console):
    with Screen(console) as screen:
        for _ in range(3):
            screen.show({}, Figures(), "")
    assert _said(console).count("points") == 1
    assert "\x1b" not in _said(console)


def test_the_introduction_names_the_address(console, tmp_path):
    introduce(console, Places(tmp_path), "http://127.0.0.1:6007")
    assert "TensorBoard   http://127.0.0.1:6007" in _said(console)
    assert str(tmp_path / "gpu") in _said(console)


def test_the_summary_of_a_success(console):
    console.width = 120
    kinds = (
        Kind("tables", 1, 1000, 1, (), ()),
        Kind("checkpoints", 1, 60_000_000, 0, (("m.pt", "a [big] one"),), ()),
    )
    summarise(console, Verdict(kinds, {"a": 3}))
    assert "left out on purpose: a [big] one" in _said(console)
    assert _said(console).endswith("everything arrived\n")


def test_the_summary_of_a_failure_says_what_and_not_that_all_is_well(console):
    kinds = (Kind("tables", 1, 1000, 0, (), ("metrics.csv is not here",)),)
    summarise(console, Verdict(kinds, {"a": 0}))
    assert "failed  tables: metrics.csv is not here" in _said(console)
    assert "failed  TensorBoard: no new point of a" in _said(console)
    assert "everything arrived" not in _said(console)
