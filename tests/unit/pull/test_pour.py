import os

import pytest

from expsyncd.pull.pour import HEAD, TAIL, Pace, Reader, Written, ends, whole
from support.wires import FakeWire

CONTENT = os.urandom(300_000)


@pytest.fixture
def there(tmp_path):
    file = tmp_path / "there"
    file.write_bytes(CONTENT)
    return file


def poured(wire, path, start, size, **options):
    """What came, and where it ended."""
    came = bytearray()
    ended = []

    def job():
        handle = yield wire.open(bytes(path))
        ended.append((yield from Reader(wire, Pace(None)).pour(handle, start, size, came.extend, **options)))

    wire.run(iter([job()]), 1)
    return bytes(came), ended[0]


@pytest.mark.parametrize("at_most", [1 << 30, 40_000, 7_001])
@pytest.mark.parametrize("start", [0, 1, 299_999, 300_000])
def test_all_bytes_come_in_order_however_little_a_read_gives(there, at_most, start):
    wire = FakeWire(longest_read=64 << 10, at_most=at_most)
    assert poured(wire, there, start, len(CONTENT)) == (CONTENT[start:], len(CONTENT))


def test_a_shorter_file_ends_where_it_ends(there):
    assert poured(FakeWire(), there, 0, 1_000_000) == (CONTENT, len(CONTENT))


def test_no_more_than_wanted_is_taken(there):
    assert poured(FakeWire(), there, 0, 1000) == (CONTENT[:1000], 1000)


def test_a_host_that_sends_more_than_asked_for_is_cut(there):
    wire = FakeWire(too_much=b"and more")
    assert poured(wire, there, 0, len(CONTENT)) == (CONTENT, len(CONTENT))


def test_what_a_file_grew_meanwhile_comes_too_up_to_a_limit(there):
    assert poured(FakeWire(), there, 0, 1000, most=1_000_000) == (CONTENT, len(CONTENT))
    came, end = poured(FakeWire(), there, 0, 1000, most=100_000)
    assert end >= 100_000
    assert CONTENT.startswith(came)
    assert len(came) < len(CONTENT)


def test_many_reads_are_asked_for_before_the_first_answer(there):
    wire = FakeWire(longest_read=1000)
    first = []
    wire.before_read = lambda _path, _offset: first.append(sum(1 for q in wire.asked if q[0] == "read"))
    poured(wire, there, 0, len(CONTENT))
    assert first[0] == 300


def test_a_bwlimit_asks_for_little_at_once_and_waits():
    pace = Pace(40_000)
    assert pace.step(256 << 10) == 10_000
    assert Pace(None).step(256 << 10) == 256 << 10


@pytest.mark.parametrize(
    ("change", "alike"),
    [(None, True), (0, False), (299_999, False), (299_999 - TAIL, True), (HEAD, True), (HEAD - 1, False)],
)
def test_the_ends_are_compared(there, tmp_path, change, alike):
    ours = bytearray(CONTENT)
    if change is not None:
        ours[change] ^= 1
    (tmp_path / "ours").write_bytes(ours)
    assert compared(there, tmp_path / "ours", ends(300_000)) is alike
    assert compared(there, tmp_path / "ours", whole(300_000)) is (change is None)


def test_a_file_that_is_shorter_there_is_another(there, tmp_path):
    (tmp_path / "ours").write_bytes(CONTENT + b"more")
    assert not compared(there, tmp_path / "ours", ends(300_004))


def compared(theirs, ours, pieces):
    wire = FakeWire()
    found = []

    def job():
        handle = yield wire.open(bytes(theirs))
        with open(ours, "rb") as file:
            found.append((yield from Reader(wire, Pace(None)).same(handle, file.fileno(), pieces)))

    wire.run(iter([job()]), 1)
    return found[0]


def test_short_files_are_compared_whole():
    assert ends(0) == []
    assert ends(HEAD + TAIL) == [(0, HEAD + TAIL)]
    assert ends(HEAD + TAIL + 1) == [(0, HEAD), (HEAD + 1, TAIL)]


def test_zeros_become_holes(tmp_path):
    file = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    written = Written(file, sparse=True)
    for piece in (b"a" * 4096, bytes(200_000), b"b" * 4096):
        written.take(piece)
    os.ftruncate(file, 208_192)
    assert (tmp_path / "file").read_bytes() == b"a" * 4096 + bytes(200_000) + b"b" * 4096
    os.close(file)
