import hashlib
import os

import pytest

from expsyncd.pull.digest import PIECE, Question
from expsyncd.pull.plan import Grown
from expsyncd.pull.tails import append, joined_digest, keep, make_holes

TIME_NS = 1_700_000_000_123_456_789


@pytest.fixture
def both(tmp_path):
    """(mirror, tails): one file that grew."""
    for name in ("here", "tails", "old"):
        (tmp_path / name).mkdir()
    return tmp_path / "here", tmp_path / "tails"


def grown(path, here, size):
    return Grown(path, size, here, Question(path, here, whole=True))


def brought(both, path, ours, more):
    """What a pass leaves: our file, and beside it a hole as long with `more` behind it."""
    here, tails = both
    place = here / os.fsdecode(path)
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(ours)
    make_holes(bytes(tails), {path: len(ours)})
    tail = tails / os.fsdecode(path)
    with tail.open("ab") as file:
        file.write(more)
    os.utime(tail, ns=(TIME_NS, TIME_NS))
    return place


def test_holes_are_as_long_and_private(both):
    make_holes(bytes(both[1]), {b"run/sub/log": 10_000_000, b"run/none": 0})
    status = (both[1] / "run/sub/log").stat()
    assert (status.st_size, status.st_mode & 0o777) == (10_000_000, 0o600)
    assert status.st_blocks < 100
    assert not (both[1] / "run/none").exists()
    assert (both[1] / "run").stat().st_mode & 0o777 == 0o700


def test_what_follows_is_appended_in_place_with_the_hosts_time(both):
    place = brought(both, b"run/log", b"old", b" and new")
    inode = place.stat().st_ino
    assert append(bytes(both[0]), bytes(both[1]), [grown(b"run/log", 3, 11)]) == 8
    assert place.read_bytes() == b"old and new"
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (inode, TIME_NS)


def test_our_file_changed_meanwhile_is_somebody_elses_business(both):
    place = brought(both, b"log", b"old", b" and new")
    place.write_bytes(b"old, and")
    assert append(bytes(both[0]), bytes(both[1]), [grown(b"log", 3, 11)]) == 0
    assert place.read_bytes() == b"old, and"


def test_nothing_is_written_through_a_link(both, tmp_path):
    place = brought(both, b"log", b"old", b" and new")
    (tmp_path / "victim").write_bytes(b"old")
    place.unlink()
    place.symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="log"):
        append(bytes(both[0]), bytes(both[1]), [grown(b"log", 3, 11)])
    assert (tmp_path / "victim").read_bytes() == b"old"


@pytest.mark.parametrize("ours", [b"", b"old", os.urandom(PIECE + 5)])
def test_the_digest_is_that_of_the_one_file_they_may_become(both, ours):
    more = os.urandom(2 * PIECE)
    brought(both, b"log", ours, more)
    if not ours:
        (both[1] / "log").write_bytes(more)
    length = len(ours) + len(more)
    ask = lambda length, whole: joined_digest(  # noqa: E731
        bytes(both[0]), bytes(both[1]), Question(b"log", length, whole=whole), len(ours)
    )
    assert ask(length, True) == hashlib.sha256(ours + more).hexdigest()
    ends = (ours + more)[:PIECE] + (ours + more)[-PIECE:]
    assert ask(length, False) == hashlib.sha256(ends).hexdigest()
    assert ask(length + 1, True) == ""
    (both[1] / "log").unlink()
    assert ask(length, True) == ""


def test_what_does_not_follow_is_kept_with_ours(both, tmp_path):
    brought(both, b"run/log", b"old", b" and new")
    brought(both, b"same", b"as long", b"")
    backup = tmp_path / "old" / "p1" / "host" / "source"
    several = [grown(b"run/log", 3, 11), grown(b"same", 7, 7)]
    keep(bytes(both[0]), bytes(both[1]), several, bytes(backup), bytes(tmp_path / "old"))
    assert (backup / "run/log").read_bytes() == b"old and new"
    assert (backup / "run/log").stat().st_mode & 0o777 == 0o600
    assert not (backup / "same").exists()
    assert (both[0] / "run/log").read_bytes() == b"old"
