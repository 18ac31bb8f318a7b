from typing import Any

from watchdog.observers.inotify_c import InotifyConstants, InotifyEvent, Mask, WatchDescriptor

from expsyncd.mirror.tree import Tree

FOLDER = InotifyConstants.IN_ISDIR


class Kernel:
    """Gives a number to each folder, whatever it is called, as inotify does; `watched` by path."""

    def __init__(self) -> None:
        self.watched: dict[bytes, int] = {}
        self.removed: list[int] = []

    def watch(self, path):
        return self.watched.setdefault(path, len(self.watched) + 1)

    def unwatch(self, wd):
        self.removed.append(wd)


def tree_of(top, told):
    kernel: Any = Kernel()
    tree = Tree(kernel, bytes(top), lambda path, folder: told.append((path, folder)), recursive=True)
    tree.begin()
    return kernel, tree


def event(kernel, folder, mask, name):
    return InotifyEvent(WatchDescriptor(kernel.watched[bytes(folder)]), Mask(mask), 0, name)


def test_folders_that_are_there_and_that_come_are_watched(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    told: list[tuple[bytes, bool]] = []
    kernel, tree = tree_of(tmp_path, told)
    assert set(kernel.watched) == {bytes(tmp_path), bytes(tmp_path / "a"), bytes(tmp_path / "a/b")}
    (tmp_path / "new/deep").mkdir(parents=True)
    tree.on_event(event(kernel, tmp_path, InotifyConstants.IN_CREATE | FOLDER, b"new"))
    assert bytes(tmp_path / "new/deep") in kernel.watched
    tree.on_event(event(kernel, tmp_path / "new/deep", InotifyConstants.IN_MOVED_TO, b"x.png"))
    assert told == [(bytes(tmp_path / "new"), True), (bytes(tmp_path / "new/deep/x.png"), False)]


def test_links_to_folders_are_not_followed(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a/up").symlink_to(tmp_path)
    kernel, _ = tree_of(tmp_path, [])
    assert set(kernel.watched) == {bytes(tmp_path), bytes(tmp_path / "a")}


def test_what_is_below_a_moved_folder_is_not_told_by_its_old_path(tmp_path):
    (tmp_path / "a/b").mkdir(parents=True)
    told: list[tuple[bytes, bool]] = []
    kernel, tree = tree_of(tmp_path, told)
    inner = event(kernel, tmp_path / "a/b", InotifyConstants.IN_MODIFY, b"x")
    tree.on_event(event(kernel, tmp_path, InotifyConstants.IN_MOVED_FROM | FOLDER, b"a"))
    tree.on_event(inner)
    assert told == [(bytes(tmp_path / "a"), False)]
    assert sorted(kernel.removed) == [kernel.watched[bytes(tmp_path / name)] for name in ("a", "a/b")]


def test_a_folder_that_comes_again_is_watched_again(tmp_path):
    (tmp_path / "a").mkdir()
    told: list[tuple[bytes, bool]] = []
    kernel, tree = tree_of(tmp_path, told)
    tree.on_event(event(kernel, tmp_path, InotifyConstants.IN_DELETE | FOLDER, b"a"))
    tree.on_watch_deleted(WatchDescriptor(kernel.watched.pop(bytes(tmp_path / "a"))))
    tree.on_event(event(kernel, tmp_path, InotifyConstants.IN_CREATE | FOLDER, b"a"))
    assert bytes(tmp_path / "a") in kernel.watched


def test_after_an_overflow_no_watch_is_taken_away_and_new_folders_get_one(tmp_path):
    (tmp_path / "a").mkdir()
    kernel, tree = tree_of(tmp_path, [])
    (tmp_path / "b").mkdir()
    tree.again()
    assert kernel.removed == []
    assert bytes(tmp_path / "b") in kernel.watched
