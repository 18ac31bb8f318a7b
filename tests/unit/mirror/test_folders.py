import os

import pytest

from expsyncd.mirror.folders import held, make_private, make_private_file, remove_empty, remove_empty_above

ODD = [b"new\nline", b"-dash", b"\xff\xfe", b"n" * 255, b"\x1b[31m"]


def mode(path):
    return os.stat(path).st_mode & 0o777


def test_held_names_files_and_links_and_follows_none(tmp_path):
    base = os.fsencode(tmp_path / "x")
    for name in ODD:
        os.makedirs(base + b"/" + name)
        with open(base + b"/" + name + b"/" + name, "wb"):
            pass
    os.symlink(tmp_path, base + b"/link")
    os.mkfifo(base + b"/pipe")
    assert sorted(held(base)) == sorted([name + b"/" + name for name in ODD] + [b"link"])
    assert list(held(base + b"/none")) == []
    assert list(held(base + b"/link/x/pipe")) == []


def test_every_folder_is_private_and_the_base_is_never_made(tmp_path):
    old = os.umask(0)
    try:
        make_private(os.fsencode(tmp_path), b"a/b\xff/c")
        make_private(os.fsencode(tmp_path), b"a/b\xff/d")
    finally:
        os.umask(old)
    assert {mode(os.fsencode(tmp_path) + b"/" + f) for f in (b"a", b"a/b\xff", b"a/b\xff/c")} == {0o700}
    with pytest.raises(FileNotFoundError):
        make_private(os.fsencode(tmp_path / "away"), b"a")
    assert not (tmp_path / "away").exists()


def test_a_file_in_the_way(tmp_path):
    (tmp_path / "a").touch()
    with pytest.raises(FileExistsError):
        make_private(os.fsencode(tmp_path), b"a")
    with pytest.raises((FileExistsError, NotADirectoryError)):
        make_private(os.fsencode(tmp_path), b"a/b")


def test_private_files_and_what_a_link_points_to_stays(tmp_path):
    file = tmp_path / "a"
    file.touch()
    file.chmod(0o4755)
    (tmp_path / "link").symlink_to(file)
    make_private_file(os.fsencode(tmp_path / "link"))
    assert file.stat().st_mode & 0o7777 == 0o4755
    make_private_file(os.fsencode(file))
    assert file.stat().st_mode & 0o7777 == 0o600


def test_only_what_is_empty_goes(tmp_path):
    (tmp_path / "p/a/b/c").mkdir(parents=True)
    (tmp_path / "p/d").mkdir(mode=0o755)
    (tmp_path / "p/d/file").touch()
    remove_empty(os.fsencode(tmp_path / "p"))
    assert sorted(os.fsdecode(f) for f in held(os.fsencode(tmp_path))) == ["p/d/file"]
    assert not (tmp_path / "p/a").exists()
    assert mode(tmp_path / "p/d") == 0o700


def test_upwards_to_the_base_and_no_further(tmp_path):
    (tmp_path / "base/a/b").mkdir(parents=True)
    remove_empty_above(os.fsencode(tmp_path / "base/a/b/gone"), os.fsencode(tmp_path / "base"))
    assert list((tmp_path / "base").iterdir()) == []
    (tmp_path / "base/a/b").mkdir(parents=True)
    (tmp_path / "base/a/stays").touch()
    remove_empty_above(os.fsencode(tmp_path / "base/a/b/gone"), os.fsencode(tmp_path / "base"))
    assert [path.name for path in (tmp_path / "base/a").iterdir()] == ["stays"]
