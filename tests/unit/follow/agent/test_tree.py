"""Where there is no inotify: what changed is found by looking again, new folders and all."""

from __future__ import annotations

import os

import pytest

from expsyncd.follow.agent import disks, inotify
from expsyncd.follow.agent.rules import Rules
from expsyncd.follow.agent.tree import MOST_HOT, Tree, Watches

OLD = 1_500_000_000


class World:
    """A source at `folder`, without inotify unless `notify` is given; `changed` are the paths that were told."""

    def __init__(self, folder, notify=None, reason="no inotify here"):
        self.folder = folder
        self.told = []
        self.watches = Watches(notify, "" if notify else reason)
        rules = Rules([[False, "skip", False, 1, False, False]], "tfevents", [".csv"])
        self.tree = Tree(1, str(folder), rules, 60.0, 0.0, self.watches, self._changed)

    def _changed(self, tree, path, closed):
        assert (tree, closed) == (self.tree, True)
        self.told.append(path)

    def start(self):
        list(self.tree.start())

    def look(self, cold=False):
        self.told.clear()
        list(self.tree.look_again(cold))
        return set(self.told)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "logs"
    (place / "run" / "deep").mkdir(parents=True)
    (place / "run" / "m.csv").write_bytes(b"1")
    return place


@pytest.fixture
def world(folder):
    world = World(folder)
    world.start()
    return world


def test_the_first_look_tells_nothing(world):
    assert world.told == []
    assert (world.tree.mode, world.tree.reason, world.tree.starts) == ("rescanning", "no inotify here", 1)
    assert set(world.tree.folders) == {b"", b"run", b"run/deep"}
    assert world.tree.watched() == 0


def test_growth_and_new_files_in_a_folder_where_something_happens(world, folder):
    world.look()
    (folder / "run" / "m.csv").write_bytes(b"12")
    (folder / "run" / "i.png").write_bytes(b"1")
    assert {b"run/m.csv", b"run/i.png"} <= world.look()


def test_new_folders_and_what_is_in_them(world, folder):
    (folder / "run" / "new" / "in").mkdir(parents=True)
    (folder / "run" / "new" / "in" / "m.csv").write_bytes(b"1")
    assert b"run/new/in/m.csv" in world.look()
    (folder / "run" / "new" / "in" / "m.csv").write_bytes(b"12")
    assert b"run/new/in/m.csv" in world.look()


def test_what_is_excluded_is_not_looked_into(world, folder):
    (folder / "run" / "skip").mkdir()
    (folder / "run" / "skip" / "m.csv").write_bytes(b"1")
    world.look()
    assert world.look(cold=True) & {b"run/skip/m.csv"} == set()
    assert b"run/skip" not in world.tree.folders


def test_links_are_neither_followed_nor_told(world, folder):
    (folder / "run" / "link.csv").symlink_to("/etc/hostname")
    (folder / "run" / "away").symlink_to("/etc")
    assert not world.look(cold=True) & {b"run/link.csv", b"run/away"}
    assert b"run/away" not in world.tree.folders


def test_a_source_that_is_not_there_or_no_folder(tmp_path):
    world = World(tmp_path / "gone")
    world.start()
    assert world.tree.mode == "missing"
    (tmp_path / "gone").write_bytes(b"")
    world.start()
    assert (world.tree.mode, world.tree.reason) == ("missing", "the folder is not there: it is no folder")
    assert not world.tree.there()


def test_another_folder_in_its_place_is_not_the_source(world, folder):
    assert world.tree.there()
    folder.rename(folder.with_name("away"))
    assert not world.tree.there()
    folder.mkdir()
    assert not world.tree.there()


def test_a_folder_that_moved_away_takes_all_below_it(world):
    world.tree.left(b"run")
    assert set(world.tree.folders) == {b""}
    world.tree.left(b"no/such")
    assert set(world.tree.folders) == {b""}


def test_only_so_many_folders_are_hot(world):
    for number in range(MOST_HOT * 2):
        world.tree.warm(b"run%d" % number)
    assert len(world.tree._hottest()) == MOST_HOT


class NoRoom(inotify.Inotify):
    """Allows two watches, as a host whose limit is nearly used up."""

    def __init__(self):
        self.held = set()
        self.number = 0

    def add(self, path, follow=False):
        assert path or follow
        if len(self.held) == 2:
            raise OSError(28, os.strerror(28))
        self.number += 1
        self.held.add(self.number)
        return self.number

    def remove(self, number):
        self.held.discard(number)


def test_watches_that_do_not_suffice_are_given_back(folder):
    notify = NoRoom()
    world = World(folder, notify)
    world.start()
    assert world.tree.limited
    assert notify.held == set()
    world.start()
    assert (world.tree.mode, world.tree.limited, world.tree.watched()) == ("rescanning", False, 0)
    assert "fs.inotify.max_user_watches" in world.tree.reason


def test_a_link_that_leads_elsewhere_now_is_not_the_source(folder, tmp_path):
    link, other = tmp_path / "latest", tmp_path / "other"
    other.mkdir()
    link.symlink_to(folder)
    world = World(link)
    world.start()
    assert world.tree.there()
    link.unlink()
    link.symlink_to(other)
    assert not world.tree.there()


def test_changes_after_the_clock_of_the_host_was_set_back(world, folder):
    world.look()
    newest, *rest = world.tree._newest[b"run"]
    world.tree._newest[b"run"] = (newest + 3600 * 10**9, *rest)  # a time as only a clock set back leaves it
    assert world.look(cold=True) == set()
    (folder / "run" / "m.csv").write_bytes(b"12")
    assert world.look(cold=True) == {b"run/m.csv"}
    (folder / "run" / "i.png").write_bytes(b"1")
    assert b"run/i.png" in world.look(cold=True)
    (folder / "run" / "i.png").unlink()
    assert world.look(cold=True) == set(), "what left is no change of the others"


@pytest.mark.skipif(not os.path.ismount("/dev/pts"), reason="no other file system below /dev")
def test_a_disk_below_the_source_where_others_write_unseen(monkeypatch):
    monkeypatch.setitem(disks.REMOTE, 0x1CD1, "a disk of others")  # DEVPTS_SUPER_MAGIC, linux/magic.h
    notify = inotify.Inotify()
    try:
        world = World("/dev", notify)
        world.start()
        assert world.tree.limited
        world.start()
        assert (world.tree.mode, world.tree.limited) == ("rescanning", False)
        assert world.tree.reason == "a disk of others does not tell what other machines write"
        assert world.tree.watched() > 1
    finally:
        os.close(notify.fd)
