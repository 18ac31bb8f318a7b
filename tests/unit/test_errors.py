from expsyncd.errors import Error, LockedError, NeedsUserError, NotRunningError


def test_words_and_exit_statuses():
    assert str(Error("t", "a")) == "t: a"
    assert str(Error("t")) == "t"
    statuses = [kind("t").exit_status for kind in (Error, NotRunningError, LockedError, NeedsUserError)]
    assert statuses == [1, 3, 75, 77]
