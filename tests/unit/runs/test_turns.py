import pytest

from expsyncd.runs.turns import Turns


def all_of(turns):
    taken = []
    while turns:
        taken.append(turns.take()[0])
    return taken


def test_the_newest_change_is_first_and_each_fourth_turn_is_the_oldests():
    turns: Turns[str] = Turns()
    for key, changed in (("a", 1), ("b", 5), ("c", 3), ("d", 9), ("e", 7)):
        turns.put(key, changed)
    assert all_of(turns) == ["d", "e", "b", "a", "c"]


def test_what_changes_again_has_one_turn_and_its_newest_time():
    turns: Turns[str] = Turns()
    turns.put("a", 1)
    turns.put("b", 2)
    turns.put("a", 3)
    turns.put("a", 3)
    assert turns.take() == ("a", 3)
    assert turns.take() == ("b", 2)
    assert not turns
    with pytest.raises(KeyError):
        turns.take()


def test_what_was_dropped_has_no_turn():
    turns: Turns[str] = Turns()
    turns.put("a", 1)
    turns.put("b", 2)
    turns.drop("b")
    assert "b" not in turns
    assert all_of(turns) == ["a"]
    turns.put("a", 1)
    turns.clear()
    assert not turns


def test_nothing_is_kept_of_those_that_had_their_turn():
    turns: Turns[int] = Turns()
    for number in range(100):
        turns.put(number, number)
    assert len(all_of(turns)) == 100
    assert turns._newest == []


def test_changing_for_ever_keeps_no_more_than_what_waits():
    turns: Turns[int] = Turns()
    for number in range(10_000):
        turns.put(number % 7, number)
    assert len(turns._newest) < 200
    assert turns.take() == (9999 % 7, 9999)
