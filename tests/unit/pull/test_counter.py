from expsyncd.pull.counter import Counter
from expsyncd.pull.source import Tally


def test_small_files_count_when_they_are_named():
    tally = Tally()
    counter = Counter(tally, {b"a": 10, b"b": 20}, by_progress=False)
    counter.line(b">f+++++++++|10|a")
    counter.line(b"          1,000  50%  1MB/s")
    counter.line(b">f+++++++++|21|b")
    counter.line(b"noise")
    assert (tally.files, tally.bytes) == (2, 30)


def test_large_files_count_by_progress_only():
    tally = Tally()
    counter = Counter(tally, {b"a": 1000}, by_progress=True)
    counter.line(b">f+++++++++|1000|a")
    assert (tally.files, tally.bytes) == (1, 0)
    counter.line(b"  400  40%  1MB/s")
    counter.line(b"  400  40%  1MB/s")
    counter.line(b"  1,000  100%  1MB/s")
    assert (tally.files, tally.bytes) == (1, 1000)
