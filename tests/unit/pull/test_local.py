from expsyncd.pull.local import distrust, files_below, has_files, look, sizes, written_since
from expsyncd.pull.plan import Here, Local


def test_look(tmp_path):
    (tmp_path / "f").write_bytes(b"123")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/x").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("f")
    paths = [b"f", b"full", b"empty", b"link", b"nothing", b"f/below"]
    assert look(bytes(tmp_path), paths) == {
        b"f": Here(Local.FILE, 3),
        b"full": Here(Local.FOLDER),
        b"empty": Here(Local.NOTHING),
        b"link": Here(Local.OTHER),
    }


def test_files_below_keeps_bytes_and_follows_no_links(tmp_path):
    odd = b"\xff\n"
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / odd.decode("utf-8", "surrogateescape")).touch()
    (tmp_path / "loop").symlink_to(tmp_path)
    assert [path for path, _ in files_below(bytes(tmp_path))] == [b"d/" + odd]
    assert has_files(bytes(tmp_path))
    assert not has_files(bytes(tmp_path / "missing"))


def test_written_since_and_distrust(tmp_path):
    (tmp_path / "f").write_bytes(b"x")
    changed = (tmp_path / "f").stat().st_ctime
    assert written_since(bytes(tmp_path), changed) == [b"f"]
    assert written_since(bytes(tmp_path), changed + 60) == []
    distrust(bytes(tmp_path), [b"f", b"missing"])
    assert (tmp_path / "f").stat().st_mtime_ns == 1
    assert sizes(bytes(tmp_path), [b"f", b"missing"]) == {b"f": 1}
