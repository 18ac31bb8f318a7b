from expsyncd.mirror.batch import FOLDER_AGAIN_S, Batch, Gathering, ignored, is_temporary


def gathering() -> Gathering:
    return Gathering(quiet_s=1.0, latest_s=5.0, many=3)


def test_nothing_waits_at_first():
    events = gathering()
    assert events.due() is None
    assert events.take(100.0) is None


def test_a_batch_comes_after_the_quiet_delay():
    events = gathering()
    events.add(b"/m/a", 10.0)
    events.add(b"/m/b", 10.5)
    events.add(b"/m/a", 10.6)
    assert events.due() == 11.6
    assert events.take(11.5) is None
    assert events.take(11.6) == Batch(frozenset({b"/m/a", b"/m/b"}))
    assert events.due() is None


def test_events_without_pause_come_at_the_maximum_delay():
    events = gathering()
    for tenth in range(60):
        events.add(b"/m/a", 10.0 + tenth / 10)
    assert events.due() == 15.0
    assert events.take(15.0) == Batch(frozenset({b"/m/a"}))


def test_the_maximum_delay_counts_anew_for_the_next_batch():
    events = gathering()
    events.add(b"/m/a", 10.0)
    assert events.take(11.0)
    events.add(b"/m/b", 20.0)
    assert events.due() == 21.0


def test_many_paths_become_everything():
    events = gathering()
    for number in range(4):
        events.add(b"/m/%d" % number, 10.0)
    assert events.take(11.0) == Batch(everything=True)
    events.add(b"/m/a", 20.0)
    assert events.take(21.0) == Batch(frozenset({b"/m/a"}))


def test_as_many_as_allowed_stay_single():
    events = gathering()
    for number in range(3):
        events.add(b"/m/%d" % number, 10.0)
    batch = events.take(11.0)
    assert batch is not None
    assert len(batch.paths) == 3


def test_everything_swallows_paths():
    events = gathering()
    events.add(b"/m/a", 10.0)
    events.add_everything(10.0)
    events.add(b"/m/b", 10.0)
    assert events.take(11.0) == Batch(everything=True)


def test_a_new_folder_is_reported_twice():
    events = gathering()
    events.add(b"/m/run", 10.0, folder=True)
    assert events.take(11.0) == Batch(frozenset({b"/m/run"}))
    assert events.due() == 10.0 + FOLDER_AGAIN_S
    assert events.take(10.0 + FOLDER_AGAIN_S) == Batch(frozenset({b"/m/run"}))
    assert events.due() is None


def test_temporary_names():
    assert is_temporary(b".events.out.tfevents.1.aB3xYz")
    assert is_temporary(b".two\nlines.aB3xYz")
    assert not is_temporary(b"events.out.tfevents.1")
    assert not is_temporary(b".hidden")
    assert not is_temporary(b"name.aB3xYz")


def test_ignored_paths():
    assert ignored(b"gpu1/tb/.incoming/x")
    assert ignored(b"gpu1/tb/.rsync-partial")
    assert ignored(b"gpu1/tb/.log.txt.0aZ9bY")
    assert not ignored(b"gpu1/tb/log.txt")
