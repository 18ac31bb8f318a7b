from expsyncd.samples.names import Slot
from expsyncd.samples.writing import rises, written_apart, written_together


def column(*values):
    return [Slot("plain", b"%d" % value, value) for value in values]


def test_rises_with_time_and_not_by_chance():
    assert rises(column(1, 2, 2, 9), [1, 2, 3, 4])
    assert not rises(column(1, 3, 2), [1, 2, 3])
    assert not rises(column(1, 2, 3), [7, 7, 7]), "times that say nothing"


def test_together_is_quick_beside_the_time_between_two():
    folders, files = column(1, 1, 2, 2, 3, 3), column(0, 1, 0, 1, 0, 1)
    assert written_together(folders, files, [0, 1, 100, 101, 200, 201])
    assert not written_together(folders, files, [0, 90, 100, 190, 200, 290])
    assert not written_together(folders, column(0, 1, 0, 2, 5, 7), [0, 1, 100, 101, 200, 201])
    assert not written_together(column(1, 1), column(0, 1), [0, 1]), "one folder has no pace"


def test_apart_is_slow_and_counted_in_strides():
    groups, slow = (1, 1, 2, 2, 3, 3), [0, 90, 100, 190, 200, 290]
    assert written_apart(groups, column(0, 400, 0, 400, 0, 400), slow)
    assert not written_apart(groups, column(0, 1, 0, 1, 0, 1), slow), "counted one by one"
    assert not written_apart(groups, column(0, 400, 0, 400, 0, 400), [0, 1, 100, 101, 200, 201])
    assert not written_apart((1, 2, 3), column(1, 2, 3), [1, 2, 3])
