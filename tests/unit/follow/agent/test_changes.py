"""Names that wait to be told: each once, the oldest first, at once or when they rest."""

from __future__ import annotations

import pytest

from expsyncd.follow.agent.changes import UNCLOSED_AT_MOST_S, UNCLOSED_S, Changes


@pytest.fixture
def changes():
    return Changes()


def test_each_once_the_oldest_first(changes):
    changes.add("a", live=True)
    changes.add("b")
    changes.add("a")
    assert len(changes) == 2
    assert changes.next() == ("a", True)
    assert changes.next() == ("b", False)
    assert changes.next() is None
    assert not changes.ready()


def test_one_that_is_still_written_waits_until_it_rests(changes):
    for moment in (0.0, 0.5, 1.0):
        changes.rest("a", moment)
    changes.ripen(1.0 + UNCLOSED_S / 2)
    assert not changes.ready()
    assert changes.due == 1.0 + UNCLOSED_S
    changes.ripen(1.0 + UNCLOSED_S)
    assert changes.next() == ("a", False)
    assert changes.due == float("inf")


def test_but_not_for_ever(changes):
    for moment in range(100):
        changes.rest("a", moment / 2)
        changes.ripen(moment / 2)
        if changes.ready():
            break
    assert moment / 2 == UNCLOSED_AT_MOST_S


def test_once_it_is_closed_it_waits_no_longer(changes):
    changes.rest("a", 0.0)
    changes.add("a")
    assert len(changes) == 1
    assert changes.next() == ("a", False)


def test_all_of_them_become_one_pull_of_each_source(changes):
    changes.add(("one", b"a"))
    changes.rest(("two", b"b"), 0.0)
    assert changes.drop_all() == {"one", "two"}
    assert len(changes) == 0
    assert changes.due == float("inf")
