import os
import stat

import pytest

from expsyncd.pull.listing import TOO_LONG
from expsyncd.pull.patterns import filter_of
from expsyncd.pull.remote_tree import NO_NAME, TWICE, joined, start_of, walk
from expsyncd.ssh.packets import Attributes
from support.wires import FakeWire

ALL = filter_of([])
FILE = Attributes(3, stat.S_IFREG | 0o644, 5)
FOLDER = Attributes(0, stat.S_IFDIR | 0o755, 5)


@pytest.fixture
def there(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/c.txt").write_bytes(b"123")
    (tmp_path / "d.csv").write_bytes(b"")
    (tmp_path / "link").symlink_to("a")
    os.mkfifo(tmp_path / "pipe")
    with open(bytes(tmp_path) + b"/\xff", "wb") as file:
        file.write(b"x")
    return bytes(tmp_path)


def test_all_is_listed_and_no_link_followed(there):
    tree = walk(FakeWire(), there, ALL, 1000)
    assert {path: file.size for path, file in tree.files.items()} == {
        b"a/b/c.txt": 3,
        b"d.csv": 0,
        b"\xff": 1,
    }
    assert sorted(tree.folders) == [b"a", b"a/b"]
    assert sorted(tree.irregular) == [b"link", b"pipe"]
    assert tree.entries == 1 + 3 + 2 + 2
    assert tree.unread == {}


def test_what_is_left_out_is_not_looked_into(there):
    wire = FakeWire()
    tree = walk(wire, there, filter_of(["--exclude=/a", "--exclude=*.csv"]), 1000)
    assert set(tree.files) == {b"\xff"}
    assert ("open_folder", there + b"/a") not in wire.asked


def test_a_folder_of_many_answers_is_asked_ahead(there):
    for number in range(500):
        open(there + b"/%d" % number, "wb").close()
    wire = FakeWire()
    assert len(walk(wire, there, ALL, 10_000).files) == 503
    assert wire.open_handles == set()


def test_names_are_not_believed():
    names = [b"..", b".", b"", b"../../etc/passwd", b"/etc/passwd", b"a\0b", b"n" * 256, b"good", b"good"]
    wire = FakeWire(entries_of=lambda _: [(name, FILE) for name in names])
    tree = walk(wire, b"/host", ALL, 1000)
    assert set(tree.files) == {b"good"}
    assert {reason for _, reason in tree.refused} == {NO_NAME, TOO_LONG, TWICE}


def test_a_tree_without_end_is_left():
    wire = FakeWire(entries_of=lambda _: [(b"deeper", FOLDER), (b"file", FILE)])
    tree = walk(wire, b"/host", ALL, 100)
    assert 100 < tree.entries < 110


def test_a_path_too_long_for_this_machine_is_named():
    tree = walk(FakeWire(entries_of=lambda _: [(b"d" * 255, FOLDER)]), b"/host", ALL, 100)
    assert [reason for _, reason in tree.refused] == [TOO_LONG]


def test_a_host_that_says_no_kinds_is_asked_for_each(there):
    wire = FakeWire(entries_of=lambda _: [(b"d.csv", Attributes()), (b"gone", Attributes())])
    assert set(walk(wire, there, ALL, 100).files) == {b"d.csv"}


def test_what_cannot_be_read_is_told(there):
    wire = FakeWire(entries_of=lambda folder: [(b"nowhere", FOLDER)] if folder == there else None)
    tree = walk(wire, there, ALL, 100)
    assert list(tree.unread) == [b"nowhere"]
    assert list(walk(FakeWire(), there + b"/no", ALL, 100).unread) == [b""]


@pytest.mark.parametrize(
    ("path", "start", "inside"),
    [
        ("~/gan/tb", b"gan/tb", b"gan/tb/x"),
        ("~", b".", b"./x"),
        ("/", b"/", b"/x"),
        ("/a\udcff", b"/a\xff", b"/a\xff/x"),
    ],
)
def test_paths_begin_where_the_login_does(path, start, inside):
    assert start_of(path) == start
    assert joined(start, b"x") == inside
    assert joined(start, b"") == start
