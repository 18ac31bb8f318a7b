"""Chunks in the mirror: appended where they fit, nothing else touched, nothing outside ever reached."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace

import pytest

from expsyncd.follow.agent.growth import BEFORE
from expsyncd.follow.frames import Check, Chunk
from expsyncd.follow.landing import PULL, Landed, agrees, land, size_of
from expsyncd.pull.digest import WHOLE_LIMIT

TIME_NS = 1_700_000_000_123_456_789


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "mirror"
    place.mkdir()
    return place


def chunk(content, offset, end=None, *, path=b"m.csv", size=None, before=None):
    """Bytes `offset` to `end` of a host's file that holds `content`."""
    end = len(content) if end is None else end
    start = max(0, offset - BEFORE) if before is None else offset - before
    return Chunk(
        1, path, offset, hashlib.sha256(content[start:offset]).hexdigest(), offset - start, 5, TIME_NS,
        len(content) if size is None else size, True, content[offset:end],
    )  # fmt: skip


def put(folder, chunk, room=None):
    return land(bytes(folder), chunk, room)


def test_a_new_file_and_its_folders(folder):
    assert put(folder, chunk(b"abc", 0, path=b"a/b/m.csv")) == Landed("took", 3, 3, level=True)
    here = folder / "a" / "b" / "m.csv"
    assert here.read_bytes() == b"abc"
    assert here.stat().st_mode & 0o777 == 0o600
    assert (folder / "a").stat().st_mode & 0o777 == 0o700
    assert here.stat().st_mtime_ns == TIME_NS


def test_growth_keeps_the_inode_and_takes_the_time_only_at_the_end(folder):
    here = folder / "m.csv"
    here.write_bytes(b"abc")
    inode = here.stat().st_ino
    assert put(folder, chunk(b"abcdefgh", 3, 5)) == Landed("took", 5, 2, level=False)
    assert here.stat().st_mtime_ns != TIME_NS
    assert put(folder, chunk(b"abcdefgh", 5)) == Landed("took", 8, 3, level=True)
    assert here.read_bytes() == b"abcdefgh"
    assert (here.stat().st_ino, here.stat().st_mtime_ns) == (inode, TIME_NS)


def test_a_chunk_that_overlaps_what_is_here(folder):
    (folder / "m.csv").write_bytes(b"abcd")
    assert put(folder, chunk(b"abcdef", 0)) == Landed("took", 6, 2, level=True)
    assert (folder / "m.csv").read_bytes() == b"abcdef"


def test_a_chunk_for_another_place_says_where_we_are(folder):
    assert put(folder, chunk(b"abcdef", 3)) == Landed("misfit", 0)
    (folder / "m.csv").write_bytes(b"ab")
    assert put(folder, chunk(b"abcdef", 3)) == Landed("misfit", 2)
    (folder / "m.csv").write_bytes(b"abcdefgh")
    assert put(folder, chunk(b"abcdef", 3)) == Landed("misfit", 8)


@pytest.mark.parametrize("here", [b"abX", b"Xbc"])
def test_other_bytes_before_it_are_a_pull(folder, here):
    (folder / "m.csv").write_bytes(here)
    assert put(folder, chunk(b"abcdef", 3)) == PULL
    assert (folder / "m.csv").read_bytes() == here


def test_other_bytes_far_before_it_are_a_pull_where_all_is_told(folder):
    host = os.urandom(3 * BEFORE)
    here = bytes([host[5] ^ 1]) + host[1:BEFORE] + host[BEFORE : 2 * BEFORE]
    (folder / "m.csv").write_bytes(here)
    assert put(folder, chunk(host, 2 * BEFORE, before=2 * BEFORE)) == PULL
    assert (folder / "m.csv").read_bytes() == here
    (folder / "m.csv").write_bytes(host[: 2 * BEFORE])
    assert put(folder, chunk(host, 2 * BEFORE, before=2 * BEFORE)) == Landed(
        "took", 3 * BEFORE, BEFORE, level=True
    )
    assert (folder / "m.csv").read_bytes() == host


def test_no_more_than_what_is_digested_at_once_is_read(folder):
    (folder / "m.csv").write_bytes(b"")
    os.truncate(folder / "m.csv", WHOLE_LIMIT + 1)
    grown = chunk(b"", 0)
    large = replace(grown, offset=WHOLE_LIMIT + 1, before=WHOLE_LIMIT + 1, size=WHOLE_LIMIT + 2, payload=b"x")
    assert put(folder, large) == PULL


def test_other_bytes_where_it_overlaps_are_a_pull(folder):
    (folder / "m.csv").write_bytes(b"aXc")
    assert put(folder, chunk(b"abcdef", 0)) == PULL
    assert (folder / "m.csv").read_bytes() == b"aXc"


def test_a_digest_of_fewer_bytes_than_there_are_is_not_believed(folder):
    (folder / "m.csv").write_bytes(b"Xbc")
    assert put(folder, chunk(b"abcdef", 3, before=1)) == PULL


def test_only_the_last_64_kilobytes_are_digested(folder):
    content = bytes(range(256)) * 1000
    (folder / "m.csv").write_bytes(content)
    assert put(folder, chunk(content + b"new", len(content))).wrote == 3


def test_what_a_pull_distrusts_is_left_to_it(folder):
    here = folder / "m.csv"
    here.write_bytes(b"abc")
    os.utime(here, ns=(1, 1))
    assert put(folder, chunk(b"abcdef", 3)) == PULL
    assert here.read_bytes() == b"abc"


def test_another_name_of_an_old_version_is_not_written(folder):
    here = folder / "m.csv"
    here.write_bytes(b"abc")
    os.link(here, folder / "old")
    assert put(folder, chunk(b"abcdef", 3)) == PULL
    assert (folder / "old").read_bytes() == b"abc"


def test_no_room(folder):
    assert put(folder, chunk(b"abcdef", 0), room=5) == PULL
    assert not (folder / "m.csv").exists()
    assert put(folder, chunk(b"abcdef", 0), room=6).wrote == 6


def test_links_are_never_followed(folder, tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "m.csv").write_bytes(b"abc")
    (folder / "m.csv").symlink_to(outside / "m.csv")
    (folder / "inner").symlink_to(outside)
    (folder / "dangling.csv").symlink_to(outside / "new.csv")
    for path in (b"m.csv", b"inner/m.csv"):
        assert put(folder, chunk(b"abcdef", 3, path=path)) == PULL
    for path in (b"inner/new.csv", b"dangling.csv", b"inner/deep/new.csv"):
        assert put(folder, chunk(b"abc", 0, path=path)) == PULL
    assert {p.name: p.read_bytes() for p in outside.iterdir()} == {"m.csv": b"abc"}


def test_folders_and_pipes_are_no_files(folder):
    (folder / "m.csv").mkdir()
    os.mkfifo(folder / "pipe.csv")
    (folder / "file").write_bytes(b"")
    assert put(folder, chunk(b"abc", 0)) == PULL
    assert put(folder, chunk(b"abc", 0, path=b"pipe.csv")) == PULL
    assert put(folder, chunk(b"abc", 0, path=b"file/m.csv")) == PULL


def test_a_mirror_that_is_not_there_is_not_made(tmp_path):
    assert land(bytes(tmp_path / "gone"), chunk(b"abc", 0), None) == PULL
    assert not (tmp_path / "gone").exists()


def test_a_time_that_no_disk_takes(folder):
    far = chunk(b"abc", 0)
    far = Chunk(**{**far.__dict__, "mtime_ns": 1 << 62})
    assert put(folder, far).kind in ("took", "pull")
    assert (folder / "m.csv").read_bytes() == b"abc"


def check(content, size=None):
    return Check(1, b"m.csv", len(content) if size is None else size, hashlib.sha256(content).hexdigest())


def test_a_file_that_differs_loses_our_trust(folder):
    here = folder / "m.csv"
    here.write_bytes(b"abc")
    assert agrees(bytes(folder), check(b"abc"))
    assert agrees(bytes(folder), check(b"abcd")), "on its way"
    assert not agrees(bytes(folder), check(b"abX"))
    assert here.read_bytes() == b"abc"
    assert here.stat().st_mtime_ns == 1


def test_sizes(folder):
    (folder / "m.csv").write_bytes(b"abc")
    assert size_of(bytes(folder), b"m.csv") == 3
    assert size_of(bytes(folder), b"no/m.csv") == 0


def test_as_many_bytes_of_another_time_are_a_pull_where_only_the_last_are_compared(folder):
    here = folder / "m.csv"
    here.write_bytes(b"of another file")
    os.truncate(here, WHOLE_LIMIT + 1)
    digest = hashlib.sha256(bytes(BEFORE)).hexdigest()
    size = WHOLE_LIMIT + 1
    level = replace(chunk(b"", 0), offset=size, before=BEFORE, digest=digest, size=size)
    assert put(folder, level) == PULL
    assert here.stat().st_mtime_ns != TIME_NS, "by its time a pull sees that the host replaced the file"
    os.utime(here, ns=(TIME_NS, TIME_NS))
    assert put(folder, level) == Landed("took", size, 0, level=True)
