"""What becomes of files of the mirror, whatever the host does between two answers."""

import errno
import os

import pytest

from expsyncd.pull import seconds
from expsyncd.pull.digest import Question
from expsyncd.pull.plan import Grown, Wanted
from expsyncd.pull.pour import Pace
from expsyncd.pull.remote_tree import There
from expsyncd.pull.sftp_jobs import HELD, Jobs, Unwritable
from support.wires import FakeWire

MTIME = 1_700_000_000


class Both:
    """A source on a host, its mirror, versions and incoming, all below one folder."""

    def __init__(self, base):
        self.there, self.here, self.versions, self.incoming = (
            base / n for n in ("there", "here", "old", "in")
        )
        for folder in (self.there, self.here, self.versions, self.incoming):
            folder.mkdir()
        self.wire = FakeWire()

    def write(self, name, there, here=None):
        for folder, content in ((self.there, there), (self.here, here)):
            if content is not None:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
                os.utime(folder / name, (MTIME, MTIME))

    def jobs(self, *names, recent_from=float("inf")):
        listed = {n.encode(): There((self.there / n).stat().st_size, MTIME) for n in names}
        return Jobs(
            bytes(self.there), bytes(self.here), listed, recent_from, Pace(None),
            versions=bytes(self.versions), backup=b"p1/host/source",
        )  # fmt: skip

    def grown(self, name):
        here, size = (self.here / name).stat().st_size, (self.there / name).stat().st_size
        return Grown(name.encode(), size, here, Question(name.encode(), here, whole=True))

    def grow(self, name):
        jobs = self.jobs(name)
        return jobs, jobs.grow([self.grown(name)])(self.wire)

    def bring(self, *names, **options):
        jobs = self.jobs(*names, **options)
        wanted = [Wanted(n.encode(), (self.there / n).stat().st_size, replaces=False) for n in names]
        jobs.bring(wanted, bytes(self.incoming), sparse=True)(self.wire)
        return jobs


@pytest.fixture
def both(tmp_path):
    return Both(tmp_path)


def test_growth_is_appended_in_place_with_the_hosts_time(both):
    both.write("log", b"old and new", b"old")
    inode = (both.here / "log").stat().st_ino
    jobs, changed = both.grow("log")
    assert (changed, jobs.files, jobs.bytes) == ([], 1, 8)
    assert (both.here / "log").read_bytes() == b"old and new"
    assert (both.here / "log").stat().st_ino == inode
    assert (both.here / "log").stat().st_mtime_ns == MTIME * 10**9


def test_a_file_replaced_before_the_first_byte_is_not_touched(both):
    both.write("log", b"old and new", b"old")
    grown = both.grown("log")
    (both.there / "log").write_bytes(b"OTHER and longer")
    assert both.jobs("log").grow([grown])(both.wire) == [b"log"]
    assert (both.here / "log").read_bytes() == b"old"


@pytest.mark.parametrize("more", [150_000, 2_000_000])
def test_a_file_rewritten_while_it_is_read_loses_trust_and_no_byte(both, more):
    old = os.urandom(100_000)
    both.write("log", old + bytes(more), old)

    def rewrite(path, offset):
        if offset >= len(old):
            both.wire.before_read = lambda _path, _offset: None
            (both.there / "log").write_bytes(os.urandom(len(old) + more))

    both.wire.before_read = rewrite
    _, changed = both.grow("log")
    assert changed == [b"log"]
    here = (both.here / "log").read_bytes()
    assert here.startswith(old)
    assert here == old or more > HELD, "of what is not much not a byte follows others than it should"


def test_our_file_changed_meanwhile_is_somebody_elses_business(both):
    both.write("log", b"old and new", b"old")
    grown = both.grown("log")
    (both.here / "log").write_bytes(b"old, follo")
    assert both.jobs("log").grow([grown])(both.wire) == []
    assert (both.here / "log").read_bytes() == b"old, follo"


def test_a_link_in_place_of_our_file_is_not_followed(both, tmp_path):
    both.write("log", b"old and new", b"old")
    (tmp_path / "victim").write_bytes(b"old")
    grown = both.grown("log")
    (both.here / "log").unlink()
    (both.here / "log").symlink_to(tmp_path / "victim")
    jobs = both.jobs("log")
    jobs.grow([grown])(both.wire)
    assert (tmp_path / "victim").read_bytes() == b"old"


def test_same_is_told_by_the_ends_and_after_a_doubt_by_all(both):
    ours = os.urandom(200_000)
    theirs = bytearray(ours + b"more")
    theirs[50_000] ^= 1
    both.write("log", bytes(theirs), ours)
    ask = lambda doubted: both.jobs("log").same([both.grown("log")], doubted)(both.wire)  # noqa: E731
    assert ask(set()) == [b"log"]
    assert ask({b"log"}) == []
    os.utime(both.here / "log", ns=(seconds.DISTRUSTED_NS, seconds.DISTRUSTED_NS))
    assert ask(set()) == []


def test_an_audit_reads_everything_again(both):
    for name in ("same", "other"):
        both.write(name, bytes(200_000), bytes(200_000))
    both.write("other", bytes(100_000) + b"x" + bytes(99_999))
    found = both.jobs("same", "other").audit([b"same", b"other"])(both.wire)
    assert [(item.path, item.same_size) for item in found] == [(b"other", True)]


def test_young_files_are_compared_until_they_are_old_enough_here(both):
    both.write("same.png", b"abc", b"abc")
    both.write("again.png", b"xyz", b"abc")
    both.write("again.csv", b"xyz", b"abc")
    names = ("same.png", "again.png", "again.csv")
    for name in names:
        time_ns = seconds.local_ns(MTIME, recent=True)
        os.utime(both.here / name, ns=(time_ns, time_ns))
    written_s = (both.here / "same.png").stat().st_ctime
    recheck = lambda now_s: both.jobs(*names).recheck([n.encode() for n in names], now_s)(both.wire)  # noqa: E731
    assert {item.path for item in recheck(written_s)} == {b"again.png", b"again.csv"}
    assert seconds.unsettled((both.here / "same.png").stat().st_mtime_ns)
    assert seconds.distrusted((both.here / "again.csv").stat().st_mtime_ns)
    recheck(written_s + seconds.RECENT_S)
    assert (both.here / "same.png").stat().st_mtime_ns == MTIME * 10**9


def test_whole_files_come_private_and_what_was_there_is_kept(both):
    both.write("deep/er/a.png", b"new", b"old")
    both.write("b.png", b"")
    jobs = both.bring("deep/er/a.png", "b.png")
    assert (jobs.files, jobs.bytes, jobs.troubles) == (2, 3, [])
    assert (both.here / "deep/er/a.png").read_bytes() == b"new"
    assert (both.here / "b.png").read_bytes() == b""
    assert (both.versions / "p1/host/source/deep/er/a.png").read_bytes() == b"old"
    for path in (both.here / "b.png", both.here / "deep/er/a.png"):
        assert path.stat().st_mode & 0o7777 == 0o600
        assert path.stat().st_mtime_ns == MTIME * 10**9
    assert list(both.incoming.iterdir()) == []


def test_a_young_file_is_marked(both):
    both.write("a.png", b"new")
    both.bring("a.png", recent_from=MTIME)
    assert seconds.unsettled((both.here / "a.png").stat().st_mtime_ns)


def test_what_vanished_or_may_not_be_read_leaves_everything_as_it_was(both):
    both.write("a.png", b"new", b"old")
    wanted = [Wanted(b"a.png", 3, replaces=True), Wanted(b"gone.png", 9, replaces=False)]
    jobs = both.jobs("a.png")

    def denied(path, offset):
        raise PermissionError(errno.EACCES, "no")

    both.wire.before_read = denied
    jobs.bring(wanted, bytes(both.incoming), sparse=False)(both.wire)
    said = {trouble.trouble.title for trouble in jobs.troubles}
    assert said == {
        "some files did not come: a.png may not be read",
        "some files did not come: gone.png vanished before it came",
    }
    assert {trouble.kind for trouble in jobs.troubles} == {"partial"}
    assert (both.here / "a.png").read_bytes() == b"old"
    assert list(both.incoming.iterdir()) == []
    assert both.wire.open_handles == set()


def test_a_file_that_does_not_end_is_left(both):
    both.write("a.png", b"x")
    os.truncate(both.there / "a.png", 70_000_000)
    both.wire.longest_read = 1 << 20
    jobs = both.jobs("a.png")
    jobs.bring([Wanted(b"a.png", 10, replaces=False)], bytes(both.incoming), sparse=False)(both.wire)
    assert "grew far past" in jobs.troubles[0].trouble.title
    assert not (both.here / "a.png").exists()
    assert list(both.incoming.iterdir()) == []


def test_a_full_disk_ends_it(both, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "full")

    both.write("a.png", b"abc")
    monkeypatch.setattr(os, "write", full)
    with pytest.raises(Unwritable) as found:
        both.bring("a.png")
    assert found.value.outcome.kind == "disk"
    assert both.wire.open_handles == set()


def test_a_name_that_cannot_be_here_costs_only_itself(both):
    both.write("a.png", b"abc")
    both.write("a.png/b.png", None)
    (both.here / "b").mkdir()
    (both.here / "b/inner").write_bytes(b"keep")
    both.write("b", b"file now")
    jobs = both.bring("b", "a.png")
    assert (both.here / "a.png").read_bytes() == b"abc"
    assert "cannot be written here" in jobs.troubles[0].trouble.title
    assert (both.here / "b/inner").read_bytes() == b"keep"
