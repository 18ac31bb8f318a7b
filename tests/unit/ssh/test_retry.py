import itertools
import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from expsyncd.ssh.retry import EAGER_FOR_S, STEADY_S, WINDOW_S, Backoff, crowd_s, spread


class Hands:
    """A clock whose hands the test moves."""

    def __init__(self) -> None:
        self.at = 1000.0

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, UTC)

    def monotonic(self) -> float:
        return self.at


def fails(
    backoff: Backoff, clock: Hands, *, until: float, takes_s: float = 0.1, watched: bool = False
) -> list[float]:
    """Starts of the attempts of a host that stays away."""
    starts = []
    while clock.at < until:
        backoff.attempt()
        starts.append(clock.at)
        clock.at += takes_s
        clock.at += backoff.next_delay_s(watched=watched)
    return starts


def most_in_a_minute(starts: list[float]) -> int:
    return max(sum(first <= s < first + 60 for s in starts) for first in starts)


def gaps(starts: list[float]) -> list[float]:
    return [b - a for a, b in itertools.pairwise(starts)]


@given(st.integers(), st.floats(0.001, 30))
def test_at_most_six_attempts_in_any_minute_and_ten_seconds_apart_at_first(seed, takes_s):
    clock = Hands()
    starts = fails(Backoff(random.Random(seed), clock), clock, until=1500, takes_s=takes_s)
    assert most_in_a_minute(starts) <= 6
    assert max(gaps(starts)) <= max(STEADY_S, takes_s + 1) + 1e-6


def test_recovery_within_ten_seconds_for_ten_minutes_then_a_minute():
    clock = Hands()
    starts = fails(Backoff(random.Random(1), clock), clock, until=5000)
    early = [s for s in starts if s < 1000 + EAGER_FOR_S]
    late = [s for s in starts if s > 1000 + EAGER_FOR_S + 130]
    assert max(gaps(early)) <= STEADY_S + 1e-6
    assert all(45 <= gap <= 61 for gap in gaps(late))
    assert len({round(gap, 3) for gap in gaps(late)}) > 3, "no jitter"


def test_watched_hosts_stay_eager():
    clock = Hands()
    starts = fails(Backoff(random.Random(1), clock), clock, until=5000, watched=True)
    assert max(gaps(starts)) <= STEADY_S + 1e-6


def test_somebody_who_begins_to_look_need_not_wait_for_the_old_delay():
    clock = Hands()
    backoff = Backoff(random.Random(1), clock)
    fails(backoff, clock, until=3000)
    backoff.attempt()
    clock.at += 30
    assert backoff.next_delay_s(watched=True) <= 1


def test_a_connection_that_had_held_is_tried_again_at_once_but_not_by_all_in_one_instant():
    delays = set()
    for seed in range(20):
        clock = Hands()
        backoff = Backoff(random.Random(seed), clock)
        backoff.attempt()
        backoff.reset()
        clock.at += 3600
        delays.add(backoff.next_delay_s())
    assert all(0.1 <= delay <= 1 for delay in delays)
    assert len(delays) == 20


@pytest.mark.parametrize("wakes_at_once", [False, True])
def test_a_hundred_hosts_lost_in_one_instant_come_back_spread_out(wakes_at_once):
    """Each login takes a fifth of a second; sshd's MaxStartups has ten places before it drops any."""
    clock = Hands()
    backoffs = [Backoff(random.Random(seed), clock, lambda: 100) for seed in range(100)]
    for backoff in backoffs:
        backoff.attempt()
        backoff.reset()
    clock.at += 3600
    if wakes_at_once:
        starts = [clock.at + spread(f"gpu{n}", crowd_s(100)) for n in range(100)]
    else:
        starts = [clock.at + backoff.next_delay_s() for backoff in backoffs]
    assert max(starts) - clock.at <= 10.5
    assert max(sum(start <= other < start + 0.2 for other in starts) for start in starts) <= 10


def test_two_or_three_hosts_are_not_held_up():
    assert crowd_s(1) == 0
    assert crowd_s(3) <= 0.2
    assert crowd_s(1000) == STEADY_S


def test_a_hundred_hosts_that_stay_away_keep_their_turns_apart():
    clock = Hands()
    backoffs = [Backoff(random.Random(seed), clock, lambda: 100) for seed in range(100)]
    for backoff in backoffs:
        backoff.attempt()
    clock.at += 3600
    due = [clock.at + backoff.next_delay_s() for backoff in backoffs]
    for _ in range(5):
        for number, backoff in enumerate(backoffs):
            clock.at = due[number]
            backoff.attempt()
            clock.at += 0.2
            due[number] = clock.at + backoff.next_delay_s()
    assert max(sum(start <= other < start + 0.2 for other in due) for start in due) <= 10


def test_a_connection_that_breaks_at_once_is_not_hammered():
    clock = Hands()
    backoff = Backoff(random.Random(3), clock)
    starts = []
    for _ in range(100):
        backoff.attempt()
        starts.append(clock.at)
        backoff.reset()
        clock.at += 0.2
        clock.at += backoff.next_delay_s()
    assert most_in_a_minute(starts) <= 6


def test_a_blip_right_after_a_login_is_at_once_too_and_the_minute_still_has_six():
    clock = Hands()
    backoff = Backoff(random.Random(3), clock)
    starts = [clock.at]
    backoff.attempt()
    backoff.reset()
    clock.at += 2
    while clock.at < 1400:
        clock.at += backoff.next_delay_s()
        starts.append(clock.at)
        backoff.attempt()
        clock.at += 0.2
    assert gaps(starts)[0] <= 2.5
    assert most_in_a_minute(starts) == 6
    assert max(gaps(starts)) <= 12, "what the minute has left is not spread evenly"
    assert max(gaps(starts)[6:]) <= STEADY_S + 0.3


def test_wishes_do_not_lift_the_limit():
    clock = Hands()
    backoff = Backoff(random.Random(3), clock)
    for _ in range(6):
        assert backoff.held_s() == 0
        backoff.attempt()
        backoff.reset()
        clock.at += 1
    assert backoff.held_s() == pytest.approx(WINDOW_S - 6)
    assert backoff.next_delay_s() == pytest.approx(WINDOW_S - 6)
    clock.at += WINDOW_S - 6
    assert backoff.held_s() == 0


def test_spread_is_the_same_at_every_start_and_uses_the_whole_period():
    assert spread("gpu1", 60) == spread("gpu1", 60)
    turns = [spread(f"gpu{number}", 60) for number in range(600)]
    assert all(0 <= turn < 60 for turn in turns)
    for tenth in range(10):
        assert 30 <= sum(tenth * 6 <= turn < tenth * 6 + 6 for turn in turns) <= 90
