"""Gaps by hand."""

import pytest

from expsyncd.runs.rhythm import pause_s, power_of, together, usual_s


def gaps(*seconds):
    return together({power_of(gap): (1, gap)} for gap in seconds)


def test_nothing_was_written_twice():
    assert (usual_s({}), pause_s({})) == (None, None)


def test_an_even_rhythm():
    found = gaps(*[2.0] * 50)
    assert (usual_s(found), pause_s(found)) == (2.0, 2.0)


def test_many_tags_of_one_step_are_no_rhythm():
    # Twenty tags within a millisecond each, then half a minute of training.
    found = gaps(*([0.001] * 19 + [30.0]) * 10)
    assert usual_s(found) == 30.0


def test_evaluations_after_epochs_are_known_pauses():
    found = gaps(*([1.0] * 1000 + [600.0]) * 5)
    assert usual_s(found) == 1.0
    assert pause_s(found) == 600.0


def test_a_night_between_crash_and_resumption_is_no_habit():
    found = gaps(*[5.0] * 100, 36_000.0, 30_000.0)
    assert usual_s(found) == 5.0
    assert pause_s(found) == 5.0


def test_few_gaps_are_better_than_none():
    assert usual_s(gaps(4.0)) == 4.0
    assert pause_s(gaps(4.0)) is None


def test_gaps_of_any_size_are_taken():
    assert usual_s(gaps(1e-9, 1e12)) == pytest.approx(1e12)


def test_files_count_together():
    assert together([gaps(2.0, 2.0), gaps(2.0)]) == {1: (3, 6.0)}
