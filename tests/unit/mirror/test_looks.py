from expsyncd.mirror.batch import Batch
from expsyncd.mirror.looks import MOST, NEVER, SHARE, SHARE_OF_ALL, Looks

EVERYTHING = Batch(everything=True)


def looked_at_all():
    looks = Looks()
    assert looks.due() == 0.0
    assert looks.take(0.0) == (True, frozenset())
    looks.looked(0.0, 1.0, everything=True)
    return looks


def test_nothing_is_due_while_nothing_changes():
    assert looked_at_all().due() == NEVER


def test_what_changed_is_looked_at_while_everything_still_waits():
    looks = looked_at_all()
    looks.add(EVERYTHING)
    assert looks.due() == 1.0 + SHARE_OF_ALL
    looks.add(Batch(frozenset({b"/m/a"})))
    assert looks.due() == 1.0 + SHARE
    assert looks.take(looks.due()) == (False, frozenset({b"/m/a"}))
    looks.looked(5.0, 5.1, everything=False)
    assert looks.due() == 1.0 + SHARE_OF_ALL
    assert looks.take(looks.due()) == (True, frozenset())


def test_too_many_paths_are_everything():
    looks = looked_at_all()
    looks.add(Batch(frozenset(b"/m/%d" % number for number in range(MOST + 1))))
    assert looks.due() == 1.0 + SHARE_OF_ALL


def test_another_config_does_not_wait_as_long_as_a_walk_does():
    looks = looked_at_all()
    looks.add_everything()
    assert looks.due() == 1.0 + SHARE
