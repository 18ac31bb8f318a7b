"""The list of series as people read it."""

from __future__ import annotations

from expsyncd.cli.samples_list import table
from expsyncd.state.series import SeriesRow

NAME = b"validation/reconstructions//fake_{epoch}.png"
ROW = SeriesRow("gpu1", "gan", b"lr1e-3", NAME, 12, 12, 1, 12, 9, 1.0, 1.0, b"x.gif", "", "", 64, 64)


def test_what_is_cut_is_no_home_folder():
    run, series = table([ROW], [], 80)
    assert run == "gpu1/gan/lr1e-3"
    assert series.endswith("//fake_{epoch}.png")
    assert "~" not in series
    assert "…" in series
    assert len(series) <= 80


def test_nothing_yet():
    assert table([], [], 80)[0].startswith("no series of sample images yet")
