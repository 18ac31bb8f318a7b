import os
from pathlib import Path

import pytest

from expsyncd.mirror.scan import find_runs
from expsyncd.paths import RootPaths
from expsyncd.tensorboard.view import View

REST_S = 3.0


class Root:
    """A root with a mirror, a view of it, and what TensorBoard would find there."""

    def __init__(self, path: Path) -> None:
        self.paths = RootPaths(path)
        self.paths.mirror.mkdir()
        self.view = View(self.paths, rest_s=REST_S)

    def put(self, path: str | bytes, content: bytes = b"points") -> Path:
        place = self.file(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
        return place

    def file(self, path: str | bytes) -> Path:
        return self.paths.mirror / os.fsdecode(path)

    def replace(self, path, content):
        # Kept beside it so that the new file cannot get the old one's inode.
        fresh = self.put(str(path) + ".fresh")
        fresh.write_bytes(content)
        fresh.rename(self.file(path))

    def lay(self, now=100.0, **options):
        return self.view.lay(find_runs(self.paths.mirror), now=now, **options)

    def shown(self) -> dict[str, str]:
        return {
            str(place.relative_to(self.paths.tb_log)): str(place.readlink())
            for place in self.paths.tb_log.rglob("*")
            if place.is_symlink()
        }

    def names(self):
        return sorted(self.shown())


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def test_links_to_event_files_in_real_folders(root):
    root.put("gpu1/tb/a/events.out.tfevents.1")
    root.put("gpu1/tb/a/run1.tfevents.77")
    root.put("gpu1/tb/a/samples/1.png")
    root.put("gpu1/tb/a/model.pt")
    change = root.lay()
    assert root.shown() == {
        "gpu1/a/events.out.tfevents.1": str(root.file("gpu1/tb/a/events.out.tfevents.1")),
        "gpu1/a/run1.tfevents.77": str(root.file("gpu1/tb/a/run1.tfevents.77")),
    }
    assert (len(change.added), change.removed, change.runs) == (2, (), 1)
    assert change.names == {("gpu1", "tb", b"a"): "gpu1/a"}
    assert (root.paths.tb_log / "gpu1").stat().st_mode & 0o777 == 0o700


def test_laying_again_touches_nothing(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    before = (root.paths.tb_log / "gpu1/a").stat().st_mtime_ns
    root.put("gpu1/tb/a/tfevents.1", b"points and more points")
    change = root.lay()
    assert (change.added, change.removed, change.runs, change.resting) == ((), (), 1, {})
    assert (root.paths.tb_log / "gpu1/a").stat().st_mtime_ns == before


def test_a_second_file_of_a_run_does_not_disturb_the_first(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    root.put("gpu1/tb/a/tfevents.2")
    change = root.lay()
    assert (change.added, change.removed, change.resting) == (("gpu1/a/tfevents.2",), (), {})


def test_the_source_comes_between_and_goes_again(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    second = root.put("gpu1/other/a/tfevents.1")
    root.lay()
    assert root.names() == ["gpu1/other/a/tfevents.1", "gpu1/tb/a/tfevents.1"]
    second.unlink()
    root.lay(now=200.0)
    assert root.names() == ["gpu1/a/tfevents.1"]
    assert not (root.paths.tb_log / "gpu1/other").exists()


def test_runs_inside_runs(root):
    root.put("gpu1/exp/tfevents.1")
    root.put("gpu1/exp/eval/tfevents.1")
    root.put("gpu1/exp/exp/tfevents.1")
    root.lay()
    assert root.names() == ["gpu1/eval/tfevents.1", "gpu1/exp/exp/tfevents.1", "gpu1/exp/exp~2/tfevents.1"]


def test_names_are_made_harmless_and_still_lead_to_the_file(root):
    root.put(b"gpu1/tb/a\xff\n/events.tfevents.\xfe", b"here")
    root.lay()
    (link,) = root.names()
    assert link == "gpu1/a%FF%0A/events.tfevents.%FE"
    assert (root.paths.tb_log / link).read_bytes() == b"here"


def test_an_event_file_with_the_name_of_another_sources_folder(root):
    root.put("gpu1/s/a/tfevents.d", b"file")
    root.put("gpu1/t/a/tfevents.d/tfevents.1")
    change = root.lay()
    assert root.names() == ["gpu1/a/tfevents.d/tfevents.1", "gpu1/a/tfevents.d~"]
    assert change.blocked == ()


def test_a_run_that_is_gone_leaves_no_folder(root):
    file = root.put("gpu1/tb/exp/deep/a/tfevents.1")
    root.put("gpu1/tb/b/tfevents.1")
    root.lay()
    file.unlink()
    change = root.lay()
    assert root.names() == ["gpu1/b/tfevents.1"]
    assert change.removed == ("gpu1/exp/deep/a/tfevents.1",)
    assert not (root.paths.tb_log / "gpu1/exp").exists()


def test_a_file_that_is_gone_since_the_scan_gets_no_link(root):
    root.put("gpu1/tb/a/tfevents.1")
    runs = find_runs(root.paths.mirror)
    root.file("gpu1/tb/a/tfevents.1").unlink()
    root.view.lay(runs, now=100.0)
    assert root.names() == []


def test_hidden_runs_are_left_out_and_others_keep_their_names(root):
    root.put("gpu1/s/a/tfevents.1")
    root.put("gpu1/t/a/tfevents.1")
    change = root.lay(hidden={("gpu1", "s", b"a")})
    assert root.names() == ["gpu1/t/a/tfevents.1"]
    assert change.runs == 1
    assert change.names["gpu1", "s", b"a"] == "gpu1/s/a"


def test_a_replaced_file_rests(root):
    root.put("gpu1/tb/a/tfevents.1", b"old")
    root.lay(now=100.0)
    root.replace("gpu1/tb/a/tfevents.1", b"replaced and longer")
    change = root.lay(now=110.0)
    assert change.resting == {root.file("gpu1/tb/a/tfevents.1"): 110.0 + REST_S}
    assert root.names() == []
    assert change.runs == 0
    assert root.lay(now=110.0 + REST_S - 0.1).resting == change.resting
    assert root.names() == []
    change = root.lay(now=110.0 + REST_S)
    assert (change.added, change.resting) == (("gpu1/a/tfevents.1",), {})
    assert root.names() == ["gpu1/a/tfevents.1"]


def test_a_file_that_shrank_in_place_rests(root):
    root.put("gpu1/tb/a/tfevents.1", b"many points")
    root.lay(now=100.0)
    root.put("gpu1/tb/a/tfevents.1", b"few")
    assert list(root.lay(now=110.0).resting) == [root.file("gpu1/tb/a/tfevents.1")]


def test_a_file_that_grew_and_then_shrank_rests(root):
    root.put("gpu1/tb/a/tfevents.1", b"1")
    root.lay(now=100.0)
    root.put("gpu1/tb/a/tfevents.1", b"12345")
    root.lay(now=105.0)
    root.put("gpu1/tb/a/tfevents.1", b"123")
    assert list(root.lay(now=110.0).resting) == [root.file("gpu1/tb/a/tfevents.1")]


def test_the_whole_run_rests_with_one_replaced_file_but_no_other_run(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.put("gpu1/tb/a/tfevents.2")
    root.put("gpu1/tb/b/tfevents.1")
    root.lay(now=100.0)
    root.replace("gpu1/tb/a/tfevents.2", b"new")
    root.lay(now=110.0)
    assert root.names() == ["gpu1/b/tfevents.1"]


def test_a_run_that_comes_back_at_once_rests(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.lay(now=100.0)
    root.file("gpu1/tb/a/tfevents.1").unlink()
    assert root.lay(now=110.0).resting == {}
    root.put("gpu1/tb/a/tfevents.1")
    assert list(root.lay(now=111.0).resting.values()) == [110.0 + REST_S]
    root.lay(now=120.0)
    assert root.names() == ["gpu1/a/tfevents.1"]


def test_held_files_leave_the_view_and_rest_from_then_on(root):
    file = root.put("gpu1/tb/a/tfevents.1")
    root.lay(now=100.0)
    held = {file}
    assert root.lay(now=110.0, held=held).resting == {}
    assert root.names() == []
    root.replace("gpu1/tb/a/tfevents.1", b"new")
    root.lay(now=112.0, held=held)
    assert list(root.lay(now=112.5).resting.values()) == [110.0 + REST_S]
    root.lay(now=110.0 + REST_S)
    assert root.names() == ["gpu1/a/tfevents.1"]
    # It has rested: that the inode is another one now is no reason to rest again.
    assert root.lay(now=115.0).resting == {}


def test_a_long_hold_needs_no_further_rest(root):
    file = root.put("gpu1/tb/a/tfevents.1")
    root.lay(now=100.0)
    root.lay(now=110.0, held={file})
    assert root.lay(now=200.0).added == ("gpu1/a/tfevents.1",)


def test_what_is_not_ours_stays(root):
    file = root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    own = root.paths.tb_log / "own"
    own.mkdir()
    (own / "events.tfevents.9").write_bytes(b"a person's own")
    (root.paths.tb_log / "elsewhere").symlink_to("/usr")
    (root.paths.tb_log / "gpu1/a/note.txt").write_text("a note")
    file.unlink()
    root.lay()
    assert (own / "events.tfevents.9").read_bytes() == b"a person's own"
    assert (root.paths.tb_log / "gpu1/a/note.txt").read_text() == "a note"
    assert root.names() == ["elsewhere"]


def test_a_persons_link_in_the_way_is_neither_followed_nor_removed(root, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    root.paths.tb_log.mkdir()
    (root.paths.tb_log / "gpu1").symlink_to(elsewhere)
    root.put("gpu1/tb/a/tfevents.1")
    root.put("gpu2/tb/a/tfevents.1")
    change = root.lay()
    assert change.blocked == ("gpu1/a/tfevents.1",)
    assert list(elsewhere.iterdir()) == []
    assert root.names() == ["gpu1", "gpu2/a/tfevents.1"]


def test_links_of_a_moved_root_are_laid_anew(root, tmp_path):
    root.put("gpu1/tb/a/tfevents.1")
    (root.paths.tb_log / "gpu1/a").mkdir(parents=True)
    (root.paths.tb_log / "gpu1/a/tfevents.1").symlink_to("/old/root/mirror/gpu1/tb/a/tfevents.1")
    assert root.lay().blocked == ()
    assert root.shown() == {"gpu1/a/tfevents.1": str(root.file("gpu1/tb/a/tfevents.1"))}


def test_links_of_an_earlier_daemon_are_kept_or_removed(root):
    root.put("gpu1/tb/a/tfevents.1")
    gone = root.put("gpu1/tb/b/tfevents.1")
    root.lay()
    gone.unlink()
    change = View(root.paths).lay(find_runs(root.paths.mirror), now=100.0)
    assert (change.added, change.removed) == ((), ("gpu1/b/tfevents.1",))
    assert root.names() == ["gpu1/a/tfevents.1"]


def test_nothing_is_touched_while_the_mirror_is_missing(root):
    root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    root.paths.mirror.rename(root.paths.path / "unmounted")
    root.lay()
    assert root.names() == ["gpu1/a/tfevents.1"]


def test_growth_of_what_is_shown_needs_no_look(root):
    shown, hidden = root.put("gpu1/tb/a/tfevents.1"), root.put("gpu1/tb/b/tfevents.1")
    assert not root.view.grew(bytes(shown))
    root.lay(hidden={("gpu1", "tb", b"b")})
    with shown.open("ab") as file:
        file.write(b"more")
    assert root.view.grew(bytes(shown))
    assert root.view.grew(bytes(shown))
    assert not root.view.grew(bytes(hidden))
    root.put("gpu1/tb/a/tfevents.1", b"points an")
    assert not root.view.grew(bytes(shown)), "shrunk below what was seen growing"
    root.lay()
    assert root.names() == ["gpu1/b/tfevents.1"]
    root.lay(now=110.0)
    root.replace("gpu1/tb/b/tfevents.1", b"points and many more of them")
    assert not root.view.grew(bytes(hidden))
    root.file("gpu1/tb/b/tfevents.1").unlink()
    assert not root.view.grew(bytes(hidden))


def test_a_path_too_long_for_a_link_hides_no_other_run(root):
    # Bytes that are no text take three times the room in the view.
    deep = b"/".join([b"\xff" * 60] * 24)
    root.put(b"gpu1/tb/" + deep + b"/tfevents.1")
    root.put("gpu1/tb/z/tfevents.1")
    change = root.lay()
    assert root.names() == ["gpu1/z/tfevents.1"]
    assert len(change.blocked) == 1


def test_growth_that_is_told_while_its_run_leaves(root, monkeypatch):
    shown = root.put("gpu1/tb/a/tfevents.1")
    root.lay()
    look = os.lstat

    def lstat(path, **options):
        monkeypatch.setattr(os, "lstat", look)
        root.lay(hidden={("gpu1", "tb", b"a")})  # in a thread of its own it may end right here
        return look(path, **options)

    monkeypatch.setattr(os, "lstat", lstat)
    root.view.grew(bytes(shown))
    assert root.names() == []
