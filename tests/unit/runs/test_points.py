"""One piece of points; how pieces join is in test_tally."""

import numpy as np

from expsyncd.runs.points import news_of


def news(steps, first_step=None):
    numbers = np.array(steps, dtype=np.float64)
    return news_of(np.array(steps, dtype=np.int64), numbers + 100, numbers * 2, first_step)


def test_points_that_go_on():
    found = news([7, 8, 9], first_step=3)
    assert (found.anew, found.lowest) == (False, 7)
    assert found.tally.curve == ((7, 107.0, 14.0), (8, 108.0, 16.0), (9, 109.0, 18.0))


def test_a_step_at_or_before_the_first_begins_anew():
    assert news([3], first_step=3).anew
    found = news([5, 6, 2, 4], first_step=3)
    assert (found.anew, found.lowest, found.tally.points) == (True, 2, 2)
    assert news([5], first_step=None).anew


def test_the_answer_stays_small():
    assert len(news(range(200_000), first_step=-1).tally.curve) <= 512
