import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.plot import beside, plot, scale_of


def curve(*values, start=0, every=10):
    return [(start + every * number, 0.0, value) for number, value in enumerate(values)]


def test_a_falling_line():
    assert plot(curve(4.0, 3.0, 2.0, 1.0, 0.0), "loss", 12, 3) == [
        "loss",
        "4 ⠑⠢⢄",
        "     ⠉⠒⠤⡀",
        "0       ⠈⠑⠢⢄",
        "  0       40",
    ]


def test_plain_ascii():
    assert plot(curve(0.0, 1.0, 2.0, 3.0), "acc", 10, 3, braille=False) == [
        "acc",
        "3       .'",
        "    ..''",
        "0 .'",
        "  0     30",
    ]


def test_many_magnitudes_are_logarithmic():
    lines = plot(curve(1e4, 1e2, 1.0), "fid", 14, 3)
    assert lines[0] == "fid (log)"
    assert lines[1].startswith("10000 ")
    assert scale_of([1.0, 1e4]).at(100.0) == pytest.approx(0.5)
    assert not scale_of([0.0, 1e9]).log


@pytest.mark.parametrize("value", [0.0, 1.0, -1e308, 1e-320])
def test_the_same_value_is_a_line_in_the_middle(value):
    lines = plot(curve(value, value, value), "x", 20, 3)
    assert not lines[1].split(" ")[-1].strip("⠀⠉⣀") or lines[2].strip()
    assert set(lines[2].strip()) <= set("⠒⠤⠉⣀")


def test_what_is_no_number_is_left_out():
    assert plot(curve(math.nan, math.inf), "x", 20, 3) == ["x", "no value was a number"]
    assert plot([], "x", 20, 3) == ["x", "no points"]
    assert plot(curve(0.0, math.nan, 2.0), "x", 12, 2) == plot([(0, 0.0, 0.0), (20, 0.0, 2.0)], "x", 12, 2)
    assert len(plot(curve(5.0), "x", 12, 2)) == 4


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-(2**63), 2**63 - 1), st.just(0.0), st.floats())),
    st.integers(10, 100),
    st.integers(1, 10),
    st.booleans(),
)
def test_any_curve_fits(points, width, height, braille):
    points.sort()
    lines = plot(points, "tag/" * 40, width, height, braille=braille)
    assert len(lines) in (2, height + 2)
    assert max(map(cells, lines)) <= max(width, 21)


def test_beside():
    assert beside(["ab", "c"], ["x", "y", "z"], 4) == ["ab  x", "c   y", "    z"]
