import errno
import os

import pytest

from expsyncd.mirror.inplace import in_the_way, put


@pytest.fixture
def place(tmp_path):
    for name in ("mirror", "versions", "in"):
        (tmp_path / name).mkdir()
    return tmp_path


def temp(place, content):
    (place / "in/0").write_bytes(content)
    return bytes(place / "in/0")


def put_here(place, inside, content):
    put(bytes(place / "mirror"), inside, temp(place, content), bytes(place / "versions"), b"p/h/s")


def test_a_new_file_gets_its_folders(place):
    put_here(place, b"a/b/c", b"new")
    assert (place / "mirror/a/b/c").read_bytes() == b"new"
    assert (place / "mirror/a").stat().st_mode & 0o7777 == 0o700
    assert list((place / "versions").iterdir()) == []


def test_the_old_one_is_kept_under_its_own_inode(place):
    (place / "mirror/c").write_bytes(b"old")
    inode = (place / "mirror/c").stat().st_ino
    put_here(place, b"c", b"new")
    assert (place / "mirror/c").read_bytes() == b"new"
    assert (place / "versions/p/h/s/c").read_bytes() == b"old"
    assert (place / "versions/p/h/s/c").stat().st_ino == inode


def test_without_hard_links_it_is_moved(place, monkeypatch):
    def no_links(*_, **__):
        raise PermissionError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", no_links)
    (place / "mirror/c").write_bytes(b"old")
    put_here(place, b"c", b"new")
    assert (place / "mirror/c").read_bytes() == b"new"
    assert (place / "versions/p/h/s/c").read_bytes() == b"old"


def test_an_older_version_is_never_overwritten(place):
    (place / "mirror/c").write_bytes(b"old")
    (place / "versions/p/h/s").mkdir(parents=True)
    (place / "versions/p/h/s/c").write_bytes(b"older")
    with pytest.raises(FileExistsError):
        put_here(place, b"c", b"new")
    assert (place / "mirror/c").read_bytes() == b"old"
    assert (place / "versions/p/h/s/c").read_bytes() == b"older"


def test_an_empty_folder_makes_room_a_full_one_does_not(place):
    (place / "mirror/empty").mkdir()
    (place / "mirror/full").mkdir()
    (place / "mirror/full/x").write_bytes(b"x")
    put_here(place, b"empty", b"new")
    assert (place / "mirror/empty").read_bytes() == b"new"
    with pytest.raises(OSError, match="not empty"):
        put_here(place, b"full", b"new")


def test_a_mirror_that_is_away_is_not_made(place):
    with pytest.raises(OSError, match="No such file"):
        put(bytes(place / "gone"), b"a/b", temp(place, b"new"), bytes(place / "versions"), b"p")
    assert not (place / "gone").exists()


def test_what_is_in_the_way(place, tmp_path):
    mirror = place / "mirror"
    (mirror / "file").write_bytes(b"x")
    (mirror / "folder").mkdir()
    (mirror / "link").symlink_to(tmp_path)
    (mirror / "folder/out").symlink_to(tmp_path)
    os.mkfifo(mirror / "pipe")
    asked = {
        b"file": [],
        b"new/deep": [],
        b"folder/x": [],
        b"folder": [],
        b"file/now/a": [b"file"],
        b"link/a": [b"link"],
        b"link": [b"link"],
        b"pipe": [b"pipe"],
        b"folder/out/a": [b"folder/out"],
    }
    for path, expected in asked.items():
        assert in_the_way(bytes(mirror), [path]) == expected, path
    assert in_the_way(bytes(mirror), [b"file/a", b"file/b"]) == [b"file"]
