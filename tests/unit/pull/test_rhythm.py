"""A healthy follower makes pulls rare; anything it may have missed makes them frequent again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from expsyncd.pull.rhythm import Rhythm
from expsyncd.state.follow import Arrival, FollowState

START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.moment = START

    def now(self):
        return self.moment

    def pass_s(self, seconds):
        self.moment += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rhythm(clock):
    rhythm = Rhythm(clock, timedelta(minutes=15))
    rhythm.plan(lambda after: max(after, clock.now()) if after else clock.now() + timedelta(seconds=60))
    return rhythm


def test_without_a_follower_every_wish_counts(rhythm, clock):
    rhythm.begins(clock.now())
    rhythm.ended(clock.now(), complete=True)
    assert not rhythm.rests()
    assert rhythm.next_at() == START + timedelta(seconds=60)


def test_with_one_a_pull_in_fifteen_minutes(rhythm, clock):
    rhythm.begins(clock.now())
    rhythm.healthy = True
    clock.pass_s(899)
    assert rhythm.rests()
    assert rhythm.next_at() == START + timedelta(minutes=15)
    clock.pass_s(1)
    assert not rhythm.rests()


def test_after_a_pull_that_did_not_bring_all_the_interval_counts(rhythm, clock):
    rhythm.healthy = True
    rhythm.begins(clock.now())
    rhythm.ended(clock.now(), complete=False)
    assert not rhythm.rests()
    assert rhythm.next_at() == START + timedelta(seconds=60)
    rhythm.begins(clock.now())
    rhythm.ended(clock.now(), complete=True)
    assert rhythm.rests()


def test_a_clock_that_was_set_back_puts_nothing_off(rhythm, clock):
    rhythm.begins(clock.now())
    rhythm.healthy = True
    clock.pass_s(-3600)
    assert not rhythm.rests()


def test_only_a_complete_pull_from_then_on_makes_up_for_what_was_missed(rhythm, clock):
    heard = []
    rhythm.on_end = lambda: heard.append(1)
    assert not rhythm.whole_since(START)
    rhythm.ended(START, complete=True)
    assert rhythm.whole_since(START)
    assert not rhythm.whole_since(START + timedelta(seconds=1))
    clock.pass_s(5)
    rhythm.owe()
    assert not rhythm.whole_since(START)
    rhythm.ended(clock.now() + timedelta(seconds=1), complete=False)
    assert not rhythm.whole_since(START)
    rhythm.ended(clock.now() + timedelta(seconds=2), complete=True)
    assert rhythm.whole_since(START)
    assert len(heard) == 4


def test_where_nothing_happens_whole_pulls_get_rarer(rhythm, clock):
    rhythm.healthy = True
    waits = []
    for _ in range(5):
        rhythm.begins(clock.now())
        rhythm.ended(clock.now(), complete=True, files=0)
        waits.append((rhythm.next_at() - clock.now()).total_seconds() / 60)
    assert waits == [15, 30, 60, 60, 60]
    clock.pass_s(59 * 60)
    assert rhythm.rests()


def test_what_comes_makes_a_cold_source_warm(rhythm, clock):
    def cold():
        for _ in range(3):
            rhythm.begins(clock.now())
            rhythm.ended(clock.now(), complete=True, files=0)
        assert rhythm.next_at() == clock.now() + timedelta(minutes=60)

    rhythm.healthy = True
    cold()
    rhythm.stirred()  # a file of a round of named ones
    assert rhythm.next_at() == clock.now() + timedelta(minutes=15)
    cold()
    rhythm.followed(FollowState("following", 3, healthy=True, arrival=Arrival(0.001, 0.002, 7)))
    assert rhythm.next_at() == clock.now() + timedelta(minutes=15)
    cold()
    rhythm.followed(FollowState("following", 4, healthy=True, arrival=Arrival(0.001, 0.002, 7)))
    assert rhythm.next_at() == clock.now() + timedelta(minutes=60)
    rhythm.ended(clock.now(), complete=True, files=1)
    assert rhythm.next_at() == clock.now() + timedelta(minutes=15)
