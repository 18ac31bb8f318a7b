"""Clocks that differ."""

from __future__ import annotations

import pytest

from expsyncd.follow.clocks import Clocks


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
