"""Percentiles, and times that are no arrivals."""

from __future__ import annotations

import pytest

from expsyncd.state.follow import KEPT, Arrival, Arrivals, percentile


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
