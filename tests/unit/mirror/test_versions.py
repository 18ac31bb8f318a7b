import os
from datetime import UTC, datetime

import pytest

from expsyncd.mirror import versions
from expsyncd.mirror.layout import source_folder
from expsyncd.mirror.root import Root
from expsyncd.state.facts import Facts, Move

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Ground:
    def __init__(self, tmp_path) -> None:
        self.facts = Facts.open(tmp_path / "facts.db")
        self.root = Root.prepare(tmp_path / "root", self.facts).paths
        self.mirror = source_folder(self.root, "gpu", "logs")
        self.mirror.mkdir(parents=True)
        self.backup = versions.pass_folder(self.root, "p1", "gpu", "logs")

    def old(self, name, data):
        path = self.backup / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    def settle(self):
        return versions.settle(self.root, self.facts, "p1", "gpu", "logs", NOW)

    def reasons(self):
        return {v.path: v.reason for v in self.facts.versions()}

    def bytes_kept(self):
        return {
            v.path: (self.root.versions / os.fsdecode(v.place)).read_bytes() for v in self.facts.versions()
        }


@pytest.fixture
def ground(tmp_path):
    found = Ground(tmp_path)
    yield found
    found.facts.close()


def test_beginnings_are_dropped_and_the_rest_is_kept_with_its_reason(ground):
    for name, old, new in [
        ("grown", b"abc", b"abcdef"),
        ("equal", b"abc", b"abc"),
        ("replaced", b"abc", b"xyzabc"),
        ("shrunk", b"abcdef", b"abc"),
    ]:
        ground.old(name, old)
        (ground.mirror / name).write_bytes(new)
    ground.old("vanished", b"v")
    ground.old("folder", b"f")
    (ground.mirror / "folder").mkdir()
    settled = ground.settle()
    assert (settled.kept, settled.dropped, settled.bytes) == (4, 2, 3 + 6 + 1 + 1)
    assert ground.reasons() == {
        b"replaced": "replaced", b"shrunk": "shrunk", b"vanished": "vanished", b"folder": "became-folder",
    }  # fmt: skip
    assert ground.bytes_kept()[b"shrunk"] == b"abcdef"


def test_settling_again_changes_nothing(ground):
    ground.old("a/b", b"x")
    ground.settle()
    before = ground.facts.versions()
    assert ground.settle().kept == 0
    versions.settle_all(ground.root, ground.facts, NOW)
    assert ground.facts.versions() == before


def test_empty_folders_go(ground):
    ground.old("deep/er/grown", b"a")
    (ground.mirror / "deep/er").mkdir(parents=True)
    (ground.mirror / "deep/er/grown").write_bytes(b"ab")
    ground.settle()
    assert list(ground.root.versions.iterdir()) == []


def test_odd_names_and_large_files(ground):
    name = os.fsdecode(b"new\nline \xff")
    ground.old(name, b"a" * 3_000_000)
    (ground.mirror / name).write_bytes(b"a" * 2_999_999 + b"bc")
    ground.settle()
    assert ground.reasons() == {b"new\nline \xff": "replaced"}


def test_set_aside_keeps_every_file_of_the_folder(ground):
    (ground.mirror / "x/y").mkdir(parents=True)
    (ground.mirror / "x/y/a").write_bytes(b"1")
    (ground.mirror / "x/b").write_bytes(b"2")
    versions.set_aside(ground.root, ground.facts, "p1", "gpu", "logs", b"x", NOW)
    assert not (ground.mirror / "x").exists()
    assert ground.bytes_kept() == {b"x/y/a": b"1", b"x/b": b"2"}
    assert ground.facts.pending_moves() == []


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_crash_at_any_point_of_a_move(ground, moved, recorded):
    (ground.mirror / "x").mkdir()
    (ground.mirror / "x/a").write_bytes(b"1")
    start, end = os.fsencode(ground.mirror / "x"), os.fsencode(ground.backup / "x")
    ground.facts.begin_move(Move(0, "p1", "gpu", "logs", b"x", start, end))
    if moved:
        ground.backup.mkdir(parents=True)
        os.rename(start, end)
        (ground.mirror / "x").write_bytes(b"the host's file came")
        if recorded:
            ground.settle()
    versions.repair(ground.facts)
    versions.settle_all(ground.root, ground.facts, NOW)
    assert ground.facts.pending_moves() == []
    if moved:
        assert ground.bytes_kept() == {b"x/a": b"1"}
    else:
        assert (ground.mirror / "x/a").read_bytes() == b"1"
        assert ground.facts.versions() == []


def test_a_move_whose_disk_is_away_waits(ground):
    ground.facts.begin_move(Move(0, "p1", "gpu", "logs", b"x", b"/nowhere/a", b"/nowhere/b"))
    versions.repair(ground.facts)
    assert len(ground.facts.pending_moves()) == 1


def one_file(ground, name="a", data=b"old"):
    """What rsync leaves between its hard link and its rename: one file under both names."""
    (ground.mirror / name).write_bytes(data)
    ground.backup.mkdir(parents=True, exist_ok=True)
    os.link(ground.mirror / name, ground.backup / name)


def test_between_rsync_s_link_and_its_rename_nothing_is_dropped(ground):
    one_file(ground)
    now = datetime.fromtimestamp((ground.backup / "a").stat().st_ctime, UTC)
    versions.settle_all(ground.root, ground.facts, now)
    (ground.mirror / "new").write_bytes(b"new")
    (ground.mirror / "new").rename(ground.mirror / "a")  # the rsync that outlived its daemon
    versions.settle_all(ground.root, ground.facts, now)
    assert ground.bytes_kept() == {b"a": b"old"}


def test_a_link_that_was_never_followed_by_a_rename_goes(ground):
    one_file(ground)
    later = datetime.fromtimestamp((ground.backup / "a").stat().st_ctime + versions.LINKED_REST_S + 1, UTC)
    assert versions.settle_all(ground.root, ground.facts, later).dropped == 1
    one_file(ground, "b")
    assert ground.settle().dropped == 1  # its own pass has ended, so nobody is going to rename
    assert (ground.mirror / "a").read_bytes() == (ground.mirror / "b").read_bytes() == b"old"
    assert list(ground.root.versions.iterdir()) == []


def test_links_of_an_adopted_copy_are_kept_as_links(ground):
    ground.old("other", b"x")
    (ground.mirror / "other").symlink_to("/etc/hostname")
    (ground.backup / "link").symlink_to("/etc/hostname")
    (ground.mirror / "link").write_bytes(b"a file now")
    ground.settle()
    assert ground.reasons() == {b"link": "replaced", b"other": "replaced"}
    assert os.readlink(ground.backup / "link") == "/etc/hostname"


def test_a_folder_above_that_became_a_file(ground):
    ground.old("x/a", b"1")
    (ground.mirror / "x").write_bytes(b"a file now")
    ground.settle()
    assert ground.reasons() == {b"x/a": "became-file"}


def test_what_is_kept_is_private(ground):
    ground.old("d/a", b"1")
    (ground.backup / "d/a").chmod(0o4755)
    (ground.backup / "d").chmod(0o755)
    ground.settle()
    assert (ground.backup / "d/a").stat().st_mode & 0o7777 == 0o600
    for folder in (ground.backup / "d", ground.backup, ground.backup.parent, ground.root.versions / "p1"):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_versions_of_other_pulls_do_not_hide_a_file(ground):
    for pull_id in ("p1", "p10", "p"):
        folder = versions.pass_folder(ground.root, pull_id, "gpu", "logs")
        folder.mkdir(parents=True)
        (folder / "a").write_bytes(pull_id.encode())
        versions.settle(ground.root, ground.facts, pull_id, "gpu", "logs", NOW)
    assert {v.place for v in ground.facts.versions()} == {
        b"p1/gpu/logs/a",
        b"p10/gpu/logs/a",
        b"p/gpu/logs/a",
    }


def test_nothing_is_made_where_the_disk_is_away(ground, tmp_path):
    ground.old("a", b"1")
    (tmp_path / "root").rename(tmp_path / "away")
    (tmp_path / "root").mkdir()
    assert ground.settle() == versions.Settled()
    assert versions.settle_all(ground.root, ground.facts, NOW) == versions.Settled()
    assert list((tmp_path / "root").iterdir()) == []
