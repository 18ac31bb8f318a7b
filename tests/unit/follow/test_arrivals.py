"""Clocks that differ, percentiles, and times that are no arrivals."""

from __future__ import annotations

import pytest

from expsyncd.follow.arrivals import KEPT, Arrivals, Clocks, percentile
from expsyncd.state.follow import Arrival


def test_the_quickest_round_trip_tells_the_difference():
    clocks = Clocks()
    assert clocks.offset_s is None
    clocks.add(100.0, 165.0, 110.0)  # ten seconds: somewhere between 55 and 65 ahead
    clocks.add(200.0, 260.05, 200.1)  # a tenth: 60 ahead
    clocks.add(300.0, 370.0, 304.0)
    assert clocks.offset_s == pytest.approx(60.0)


def test_a_clock_that_was_set_back_between_question_and_answer_says_nothing():
    clocks = Clocks()
    clocks.add(100.0, 100.0, 40.0)
    assert clocks.offset_s is None


def test_nearest_rank():
    ordered = [float(n) for n in range(1, 21)]
    assert percentile(ordered, 50) == 10.0
    assert percentile(ordered, 95) == 19.0
    assert percentile([7.0], 50) == percentile([7.0], 95) == 7.0


def test_the_last_hundred():
    arrivals = Arrivals()
    assert arrivals.measured() is None
    for _ in range(KEPT):
        arrivals.add(5.0)
    for _ in range(KEPT - 2):
        arrivals.add(0.25)
    assert arrivals.measured() == Arrival(0.25, 0.25, KEPT)
    arrivals.add(-0.01)  # clocks agree to a few milliseconds
    assert arrivals.measured().p50 == 0.25


@pytest.mark.parametrize("seconds", [-1.0, 4000.0])
def test_what_is_no_arrival(seconds):
    arrivals = Arrivals()
    arrivals.add(seconds)
    assert arrivals.measured() is None
