"""Curves and best values by hand, and that pieces make no difference."""

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.runs.points import news_of
from expsyncd.runs.tally import CURVE_MOST, joined


def tallied(points, cuts=()):
    """The points in the given order, coming in pieces."""
    found = None
    for begin, end in zip((0, *cuts), (*cuts, len(points)), strict=True):
        piece = points[begin:end]
        if piece:
            steps, walls, values = (list(column) for column in zip(*piece, strict=True))
            news = news_of(
                np.array(steps, dtype=np.int64),
                np.array(walls),
                np.array(values),
                None if found is None else found.first[0],
            )
            found = joined(found, news)
    return found


def line(steps, wall=1000.0):
    return [(step, wall + step, float(step % 7)) for step in steps]


def test_a_few_points():
    found = tallied([(1, 10.0, 3.0), (2, 11.0, 1.0), (5, 12.0, 2.0)])
    assert (found.points, found.first, found.last) == (3, (1, 10.0, 3.0), (5, 12.0, 2.0))
    assert (found.least, found.greatest) == ((2, 11.0, 1.0), (1, 10.0, 3.0))
    assert found.curve == ((1, 10.0, 3.0), (2, 11.0, 1.0), (5, 12.0, 2.0))


def test_what_is_no_number_is_never_best():
    found = tallied([(1, 1.0, math.nan), (2, 2.0, 5.0), (3, 3.0, math.nan)])
    assert (found.least, found.greatest) == ((2, 2.0, 5.0), (2, 2.0, 5.0))
    assert math.isnan(found.last[2])
    assert tallied([(1, 1.0, math.nan)]).least is None
    assert tallied([(1, 1.0, math.inf), (2, 2.0, 1.0)]).greatest == (1, 1.0, math.inf)


def test_the_first_of_equal_values_is_best():
    assert tallied([(1, 1.0, 2.0), (2, 2.0, 2.0)], cuts=(1,)).least == (1, 1.0, 2.0)


def test_a_long_curve_is_thinned_evenly_and_ends_with_the_last_point():
    found = tallied(line(range(100_000)), cuts=(10, 5000, 77_777))
    steps = [step for step, _, _ in found.curve]
    assert len(steps) <= CURVE_MOST
    assert len(steps) > CURVE_MOST / 2 - 3
    assert steps[:3] == [0, 256, 512]
    assert steps[-1] == 99_999
    assert found.points == 100_000


def test_a_run_that_begins_at_a_high_step_has_a_fine_curve():
    found = tallied(line(range(1_000_000, 1_000_400)))
    assert len(found.curve) == 400


def test_a_resumed_run_supersedes_what_it_writes_again():
    crashed = [(step, 100.0 + step, 9.0) for step in range(10)]
    resumed = [(step, 500.0 + step, 1.0) for step in range(6, 12)]
    found = tallied(crashed + resumed, cuts=(10,))
    assert [(step, value) for step, _, value in found.curve] == [
        (0, 9.0), (1, 9.0), (2, 9.0), (3, 9.0), (4, 9.0), (5, 9.0),
        (6, 1.0), (7, 1.0), (8, 1.0), (9, 1.0), (10, 1.0), (11, 1.0),
    ]  # fmt: skip
    assert (found.points, found.last) == (16, (11, 511.0, 1.0))
    assert found.greatest == (0, 100.0, 9.0)


def test_a_run_that_begins_again_forgets_the_first_attempt():
    found = tallied([(5, 1.0, 0.001), (9, 2.0, 0.002), (5, 3.0, 2.0), (6, 4.0, 3.0)], cuts=(2,))
    assert (found.points, found.first, found.least) == (2, (5, 3.0, 2.0), (5, 3.0, 2.0))
    assert [step for step, _, _ in found.curve] == [5, 6]


def test_steps_that_come_a_little_out_of_order():
    found = tallied([(1, 1.0, 1.0), (3, 3.0, 3.0), (2, 2.0, 2.0), (4, 4.0, 4.0)])
    assert [step for step, _, _ in found.curve] == [1, 2, 4]


def test_the_largest_steps_there_are():
    edge = (1 << 63) - 1
    found = tallied([(-edge - 1, 1.0, 1.0), (0, 2.0, 2.0), (edge, 3.0, 3.0)], cuts=(1, 2))
    assert [step for step, _, _ in found.curve] == [-edge - 1, 0, edge]


points = st.lists(
    st.tuples(
        st.integers(0, 4000) | st.integers(0, 9),
        st.floats(0, 1e9),
        st.floats(allow_nan=False, width=32) | st.just(0.5),
    ),
    min_size=1,
    max_size=120,
)


@settings(deadline=None)
@given(points, st.data())
def test_pieces_make_no_difference(given_points, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(given_points)), max_size=5)))
    assert tallied(given_points, tuple(cuts)) == tallied(given_points)


@settings(deadline=None)
@given(points)
def test_what_a_page_would_draw(given_points):
    # The rule itself, step by step, on plain lists.
    alive = list[tuple[int, float, float]]()
    for point in given_points:
        alive = [kept for kept in alive if kept[0] < point[0]]
        alive.append(point)
    found = tallied(given_points)
    steps = [point[0] for point in alive]
    assert (found.first, found.last) == (alive[0], alive[-1])
    assert set(found.curve) <= set(alive)
    if steps[-1] - steps[0] < 500 and found.furthest - steps[0] < 500:
        assert list(found.curve) == alive
