import json

import pytest

from expsyncd.errors import Error, NeedsUserError
from expsyncd.mirror import root as module
from expsyncd.mirror.root import NEW_ROOT, REMOUNT_REST_S, FreeSpace, Root, adopt, unplaced
from expsyncd.state.facts import Facts
from support.wait import until


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


def test_made_where_nothing_was(tmp_path, facts):
    root = Root.prepare(tmp_path / "deep/root", facts)
    assert root.check() is None
    assert (tmp_path / "deep/root").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "deep/root/mirror").is_dir()
    assert root.free_bytes()
    assert Root.prepare(tmp_path / "deep/root", facts).check() is None


def test_a_folder_of_somebody_else_is_refused_with_the_remedy(tmp_path, facts):
    (tmp_path / "root").mkdir()
    with pytest.raises(NeedsUserError) as error:
        Root.prepare(tmp_path / "root", facts)
    assert f"expsyncd adopt {tmp_path}/root" in error.value.advice
    assert list((tmp_path / "root").iterdir()) == []


def test_away_and_back(tmp_path, facts):
    root = Root.prepare(tmp_path / "root", facts)
    (tmp_path / "root").rename(tmp_path / "elsewhere")
    (tmp_path / "root").mkdir()  # the empty mount point
    assert "not there" in root.check().title
    assert "not there" in Root.prepare(tmp_path / "root", facts).check().title
    assert list((tmp_path / "root").iterdir()) == []
    (tmp_path / "root").rmdir()
    (tmp_path / "elsewhere").rename(tmp_path / "root")
    assert root.check() is None


def test_another_disk(tmp_path, facts):
    root = Root.prepare(tmp_path / "root", facts)
    root.paths.marker.write_text(json.dumps({"id": "other"}))
    assert "another disk" in root.check().title


@pytest.mark.parametrize("marker", [b"", b"[]", b'{"id": 5}', b"\xff" * 50])
def test_a_broken_marker_is_no_marker(tmp_path, facts, marker):
    root = Root.prepare(tmp_path / "root", facts)
    root.paths.marker.write_bytes(marker)
    assert root.check() is not None


def test_a_root_moved_here_with_its_marker_is_known(tmp_path, facts):
    Root.prepare(tmp_path / "root", facts)
    (tmp_path / "root").rename(tmp_path / "moved")
    assert Root.prepare(tmp_path / "moved", facts).check() is None


def test_adopt(tmp_path, facts):
    (tmp_path / "copy/mirror/gpu/logs").mkdir(parents=True)
    root = adopt(tmp_path / "copy", facts)
    assert root.check() is None
    assert Root.prepare(tmp_path / "copy", facts).check() is None
    with pytest.raises(Error, match="no folder"):
        adopt(tmp_path / "none", facts)


def test_links_are_resolved(tmp_path, facts):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert Root.prepare(tmp_path / "link/root", facts).paths.path == tmp_path / "real/root"


def test_free_space_does_not_flutter():
    space = FreeSpace(1000)
    assert space.room(5000) == 4000
    assert space.room(999) == 0
    assert space.room(1100) == 0
    assert space.room(1200) == 200
    assert space.room(1001) == 1


class Hand:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_disk_mounted_anew_stops_every_pass_and_goes_on(tmp_path, facts):
    made, clock = Root.prepare(tmp_path / "root", facts), Hand()
    identity = facts.known_root(str(made.paths.path))
    assert identity
    root = Root(made.paths, identity, clock)
    assert root.check() is None
    root._device = -1  # as if it had been another one at the last look
    for moment in (0.0, 1.0, REMOUNT_REST_S - 0.1):
        clock.now = 100.0 + moment
        assert "mounted anew" in root.check().title
    clock.now = 100.0 + REMOUNT_REST_S
    assert root.check() is None


def test_folders_of_ours_come_back(tmp_path, facts):
    root = Root.prepare(tmp_path / "root", facts)
    root.paths.incoming.rmdir()
    assert root.check() is None
    assert root.paths.incoming.stat().st_mode & 0o777 == 0o700


def test_a_look_that_reads_stamps_only_sees_the_same(tmp_path, facts, monkeypatch):
    monkeypatch.setattr(module, "RESTED_S", 0.1)
    root = Root.prepare(tmp_path / "root", facts)

    def rested():
        return root.check() is None and root._well is not None

    until(rested, 5)
    root.paths.incoming.rmdir()
    assert root.check() is None
    assert root.paths.incoming.is_dir()
    until(rested, 5)
    text = root.paths.marker.read_text()
    root.paths.marker.write_text(text.replace('"id": "', '"id": "x'))
    assert "another disk" in root.check().title
    root.paths.marker.write_text(text)
    until(rested, 5)
    root.paths.marker.unlink()
    assert "not there" in root.check().title


def test_a_link_on_the_absent_disk_makes_no_new_root(tmp_path, facts):
    disk = tmp_path / "disk"
    (disk / "real").mkdir(parents=True)
    (disk / "link").symlink_to(disk / "real")
    Root.prepare(disk / "link/root", facts)
    disk.rename(tmp_path / "away")
    disk.mkdir()
    assert "not there" in Root.prepare(disk / "link/root", facts).check().title
    assert list(disk.iterdir()) == []


def test_a_crash_while_it_is_made_is_no_hindrance(tmp_path, facts):
    (tmp_path / NEW_ROOT).mkdir()
    (tmp_path / NEW_ROOT / ".expsyncd-root.partial").write_text("half")
    assert Root.prepare(tmp_path / "root", facts).check() is None
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == ["root"]


def test_a_crash_after_it_is_made_loses_nothing(tmp_path, facts):
    made = Root.prepare(tmp_path / "root", facts)
    facts._db.execute("DELETE FROM roots")
    assert Root.prepare(tmp_path / "root", facts).check() is None
    assert facts.known_root(str(made.paths.path))


def test_a_file_is_no_root(tmp_path, facts):
    (tmp_path / "root").touch()
    with pytest.raises(NeedsUserError, match="cannot be opened"):
        Root.prepare(tmp_path / "root", facts)
    with pytest.raises(Error, match="no folder"):
        adopt(tmp_path / "root", facts)
    with pytest.raises(NeedsUserError):
        Root.prepare(tmp_path / "root/below", facts)


def test_adopting_another_disk_ends_the_trouble(tmp_path, facts):
    root = Root.prepare(tmp_path / "root", facts)
    root.paths.marker.write_text(json.dumps({"id": "other"}))
    assert Root.prepare(tmp_path / "root", facts).check() is not None
    adopt(tmp_path / "root", facts)
    assert Root.prepare(tmp_path / "root", facts).check() is None


def test_adopting_touches_nothing_that_is_there(tmp_path, facts):
    logs = tmp_path / "copy/mirror/gpu/logs"
    logs.mkdir(parents=True)
    (logs / "a").write_bytes(b"1")
    before = (logs / "a").stat()
    adopt(tmp_path / "copy", facts)
    adopt(tmp_path / "copy", facts)
    after = (logs / "a").stat()
    assert (after.st_mtime_ns, after.st_ino, after.st_mode) == (
        before.st_mtime_ns,
        before.st_ino,
        before.st_mode,
    )


def test_a_copy_without_its_mirror_folder_is_seen(tmp_path, facts):
    for folder in ("gpu/logs", "mirror/gpu2/logs", ".hidden/x", "plain"):
        (tmp_path / "copy" / folder).mkdir(parents=True)
    root = adopt(tmp_path / "copy", facts)
    assert [path.name for path in unplaced(root.paths)] == ["gpu"]
