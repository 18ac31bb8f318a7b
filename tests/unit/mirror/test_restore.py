import os
from datetime import UTC, datetime

import pytest

from expsyncd.errors import Error
from expsyncd.mirror.restore import restore
from expsyncd.paths import RootPaths
from expsyncd.state.facts import Version

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def root(tmp_path):
    found = RootPaths(tmp_path / "root")
    (found.versions / "p1").mkdir(parents=True)
    (found.mirror / "gpu").mkdir(parents=True)
    return found


def kept(root, name=b"dir/a\xff"):
    place = b"p1/" + name.rpartition(b"/")[2]
    (root.versions / os.fsdecode(place)).write_bytes(b"old")
    return Version(1, "gpu", "logs", name, NOW, 3, place, "replaced")


def test_into_a_folder_and_as_a_file(root, tmp_path):
    assert restore(root, kept(root), tmp_path) == tmp_path / os.fsdecode(b"a\xff")
    assert restore(root, kept(root), tmp_path / "other").read_bytes() == b"old"
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.endswith(".partial")) == []


def test_never_over_a_file_without_force(root, tmp_path):
    goal = tmp_path / "goal"
    goal.write_bytes(b"mine")
    with pytest.raises(Error, match="there already"):
        restore(root, kept(root), goal)
    assert goal.read_bytes() == b"mine"
    restore(root, kept(root), goal, force=True)
    assert goal.read_bytes() == b"old"


@pytest.mark.parametrize(
    "place", ["mirror/gpu", "mirror/gpu/x", "versions", ".incoming/x", "animations/x", "", "x"]
)
def test_never_into_the_root(root, place):
    (root.incoming).mkdir()
    with pytest.raises(Error, match="is inside"):
        restore(root, kept(root), root.path / place)


def test_a_link_into_the_mirror_does_not_help(root, tmp_path):
    (tmp_path / "link").symlink_to(root.mirror)
    with pytest.raises(Error, match="is inside"):
        restore(root, kept(root), tmp_path / "link/gpu/x")


def test_bytes_that_are_gone_and_folders_that_are_not_there(root, tmp_path):
    version = kept(root)
    with pytest.raises(Error, match="cannot be copied"):
        restore(root, version, tmp_path / "no/such/folder")
    (root.versions / os.fsdecode(version.place)).unlink()
    with pytest.raises(Error, match="cannot be copied"):
        restore(root, version, tmp_path / "goal")


def test_a_link_prepared_beside_the_goal_is_not_followed(root, tmp_path):
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    out = tmp_path / "out"
    out.mkdir()
    version = kept(root, b"a")
    for name in (".a.partial", "a.partial", ".a"):
        (out / name).symlink_to(victim)
    (out / "a").symlink_to(victim)
    restore(root, version, out, force=True)
    assert victim.read_bytes() == b"mine"
    assert not (out / "a").is_symlink()
    assert (out / "a").read_bytes() == b"old"


@pytest.mark.parametrize("name", [b"n" * 255, "ü".encode() * 127, b"new\nline", b"-dash", b"\xff\xfe"])
def test_odd_names(root, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    restore(root, kept(root, name), out)
    assert os.listdir(os.fsencode(out)) == [name]


def test_the_time_comes_along_and_nothing_else_is_left(root, tmp_path):
    version = kept(root, b"a")
    os.utime(root.versions / "p1/a", ns=(5, 1_700_000_000_123_456_789))
    out = tmp_path / "out"
    out.mkdir()
    assert restore(root, version, out).stat().st_mtime_ns == 1_700_000_000_123_456_789
    (root.versions / "p1/a").unlink()
    with pytest.raises(Error, match="cannot be copied"):
        restore(root, version, out / "b")
    assert [path.name for path in out.iterdir()] == ["a"]


def test_force_does_not_replace_a_folder(root, tmp_path):
    (tmp_path / "out/a").mkdir(parents=True)
    with pytest.raises(Error, match="is a folder"):
        restore(root, kept(root, b"a"), tmp_path / "out", force=True)
