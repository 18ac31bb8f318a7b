"""The list of series as people read it."""

from __future__ import annotations

import csv
from dataclasses import replace

from expsyncd.cli.samples_list import as_json, print_csv, table
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


def test_no_name_of_a_host_is_a_formula_in_a_spreadsheet(capsys):
    row = replace(ROW, run=b"-lr", name=b'=HYPERLINK("http://x")_{step}.png', first_step=-3)
    print_csv([as_json(row)])
    head, line = csv.reader(capsys.readouterr().out.splitlines())
    told = dict(zip(head, line, strict=True))
    assert (told["run"], told["series"]) == ("'-lr", '\'=HYPERLINK("http://x")_{step}.png')
    assert (told["host"], told["first_step"], told["frames"], told["reason"]) == ("gpu1", "-3", "12", "")
