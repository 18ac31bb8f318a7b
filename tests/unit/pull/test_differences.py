import os

import pytest

from expsyncd.pull.differences import compare
from expsyncd.pull.patterns import filter_of
from expsyncd.pull.remote_tree import There, Tree

NOW = 8.0
ALL = filter_of([])


@pytest.fixture
def here(tmp_path):
    def make(name, content, mtime_ns):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
        os.utime(tmp_path / name, ns=(mtime_ns, mtime_ns))

    make("same", b"abc", 5 * 10**9)
    make("by-rsync", b"abc", 5 * 10**9 + 777)
    make("larger", b"abc", 5 * 10**9)
    make("later", b"abc", 5 * 10**9)
    make("young", b"abc", 5 * 10**9 + 2)
    make("distrusted", b"abc", 1)
    make("sub/gone", b"abc", 5 * 10**9)
    make("sub/left.out", b"abc", 5 * 10**9)
    make("now-a-link", b"abc", 5 * 10**9)
    make("now-a-folder", b"abc", 5 * 10**9)
    return tmp_path


def tree():
    files = {b"same": There(3, 5), b"by-rsync": There(3, 5), b"larger": There(4, 5), b"later": There(3, 6),
             b"young": There(3, 5), b"distrusted": There(3, 0), b"new": There(9, 4)}  # fmt: skip
    return Tree(files, [b"sub", b"now-a-folder"], [b"now-a-link"], entries=11)


def test_what_differs_by_size_and_second(here):
    found = compare(tree(), bytes(here), ALL, NOW, 0.0)
    assert {item.path: (item.new, item.same_size) for item in found.listing.items} == {
        b"larger": (False, False),
        b"later": (False, True),
        b"distrusted": (False, True),
        b"new": (True, False),
    }
    assert found.unsettled == [b"young"]
    assert found.recent_from == 6 - 3


def test_what_is_gone_is_what_the_host_could_have(here):
    found = compare(tree(), bytes(here), filter_of(["--exclude=*.out"]), NOW, 0.0)
    assert found.listing.gone == [b"sub/gone"]
    assert found.listing.gone_known
    assert (found.listing.entries, found.listing.files) == (11, 7)
    assert compare(tree(), bytes(here), filter_of(["--exclude=/sub"]), NOW, 0.0).listing.gone == []


def test_a_source_that_cannot_be_read_is_not_an_empty_one(tmp_path):
    unread = Tree(unread={b"": PermissionError()})
    assert compare(unread, bytes(tmp_path), ALL, NOW, 0.0).listing.files is None
