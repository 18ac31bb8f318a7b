import json

import pytest

from expsyncd.errors import Error, NeedsUserError
from expsyncd.mirror.root import FreeSpace, Root, adopt
from expsyncd.state.facts import Facts


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
