import math

import pytest

from expsyncd.cli.runs_view import page_figures
from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.printed import Printed
from support.catalogues import run, scalar

ROW = run("gpu/a")


def out(width=80):
    return Printed(width, 0.0, colour=False, unicode=True)


def test_settings_in_columns():
    page = out(40)
    page_figures.settings(
        page, {f"s{n}": str(n) for n in range(6)} | {"long": "x" * 60}, ["a.yaml", "b.json"]
    )
    assert page.lines == [
        "",
        "SETTINGS  a.yaml, b.json",
        "  s0  0  s2  2  s4  4",
        "  s1  1  s3  3  s5  5",
        "  long  xxxxxxxx…xxxxxxxxxxxxxxxxxxxxxxx",
    ]


def test_many_settings_are_cut():
    page = out(80)
    page_figures.settings(page, {f"setting_number_{n:03}": "value" for n in range(200)}, [])
    assert page.lines[-1].startswith("  and 1")
    assert "--json has all" in page.lines[-1]
    assert len(page.lines) < 30


@pytest.mark.parametrize(
    ("tag", "values", "words"),
    [
        ("loss", [2.0, 1.0, 3.0], "least, at step 1"),
        ("acc", [2.0, 1.0, 3.0], "greatest, at step 2"),
        ("lr", [2.0, 1.0, 3.0], "from 1 to 3"),
        ("lr", [2.0, 2.0], "always the same"),
        ("loss", [math.nan], "no value was a number"),
    ],
)
def test_which_best_is_meant(tag, values, words):
    assert page_figures.which(scalar(ROW, tag, *enumerate(values))) == words


def test_metrics_are_cut():
    page = out()
    page_figures.metrics(page, {f"m{n}": scalar(ROW, f"m{n}", (0, 1.0)) for n in range(20)})
    assert len(page.lines) == 1 + 1 + page_figures.METRIC_ROWS + 1
    assert page.lines[-1] == "  and 4 more metrics (--json has all)"


def test_plots_stand_beside_each_other_where_there_is_room():
    curves = {tag: [(0, 0.0, 1.0), (1, 0.0, 2.0)] for tag in ("a", "b", "c")} | {"one": [(0, 0.0, 1.0)]}
    rows = {}
    for width in (60, 80):
        page = out(width)
        page_figures.plots(page, curves)
        assert max(map(cells, page.lines)) <= width
        rows[width] = [line.split() for line in page.lines if set(line.split()) <= {"a", "b", "c"} and line]
    assert rows == {60: [["a"], ["b"], ["c"]], 80: [["a", "b"], ["c"]]}
