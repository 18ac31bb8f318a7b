from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from expsyncd.samples.frame import Frame
from expsyncd.samples.thin import thinned


def frames(steps):
    return [Frame((n,), "", (), step) for n, step in enumerate(steps)]


def test_few_are_all_shown():
    assert thinned(frames(range(150)), 150) == list(range(150))
    assert thinned(frames([None] * 3), 150) == [0, 1, 2]
    assert thinned([], 150) == []


@given(st.lists(st.one_of(st.none(), st.integers(0, 10**9)), min_size=1, max_size=400), st.integers(2, 60))
def test_never_more_than_the_cap_first_and_last_always(steps, cap):
    chosen = thinned(frames(steps), cap)
    assert len(chosen) <= cap
    assert chosen[0] == 0
    assert chosen[-1] == len(steps) - 1
    assert chosen == sorted(set(chosen))


def test_evenly_over_the_steps_and_not_over_the_files():
    # dense at first, every 1000 steps later
    steps = [*range(100), *range(1000, 101_000, 1000)]
    chosen = [steps[at] for at in thinned(frames(steps), 60)]
    gaps = [b - a for a, b in pairwise(chosen[1:-1])]
    assert max(gaps) <= 3 * min(gaps)
    assert sum(step < 1000 for step in chosen) <= 2


def test_what_was_shown_stays_shown_as_the_run_grows():
    before = {0}
    anew = 0
    for count in range(2, 1200):
        now = set(thinned(frames(range(0, 100 * count, 100)), 150))
        anew += len(now - before - {count - 1})
        before = now
    assert anew == 0, "frames that were left out came back: each is a decoding"


def test_coarser_halves():
    assert len(thinned(frames(range(100)), 100, coarser=1)) == 51
