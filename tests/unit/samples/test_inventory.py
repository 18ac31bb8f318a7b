import os

import pytest

from expsyncd.samples.decode import opened
from expsyncd.samples.frame import Picture
from expsyncd.samples.inventory import Inventory
from expsyncd.samples.wanted import regrouped

GPU = ("gpu", "s")


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    folder.mkdir()
    return folder


def put(mirror, inside, data=b"x", second=1):
    path = mirror / "gpu" / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    os.utime(path, (second, second))
    return os.fsencode(path)


def everything(*_: object) -> bool:
    return True


def no_pattern(*_: object) -> None:
    return None


def nothing(*_: object) -> bool:
    return False


def names(inventory, address=GPU):
    found = []
    for folder, home in inventory.homes(address).items():
        found += [one.path for one in inventory.contents(address, [folder], home.base)]
    return sorted(found)


def test_a_scan_finds_images_and_nothing_else(mirror):
    for inside in (
        "s/r/a.png",
        "s/r/b.JPG",
        "s/r/log.txt",
        "s/r/.a.png.Xy12Ab",
        "s/.incoming/c.png",
        "s/x.npz",
    ):
        put(mirror, inside)
    os.mkfifo(mirror / "gpu/s/pipe.png")
    (mirror / "gpu/s/elsewhere").symlink_to("/")
    inventory = Inventory(mirror, everything)
    change = inventory.rescan()
    assert change.folders == {GPU: {b"r", b""}}
    assert names(inventory) == [b"a.png", b"b.JPG", b"pipe.png", b"x.npz"]
    assert inventory.rescan().folders == {}, "nothing changed since"


def test_single_looks_tell_what_changed(mirror):
    first = put(mirror, "s/r/1.png")
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    assert inventory.look([first]).folders == {}
    second = put(mirror, "s/q/2.png")
    assert inventory.look([second]).folders == {GPU: {b"q"}}
    new = put(mirror, "s/new/deep/3.png")
    assert inventory.look([os.path.dirname(os.path.dirname(new))]).folders == {GPU: {b"new/deep"}}
    os.unlink(first)
    assert inventory.look([first]).folders == {GPU: {b"r"}}
    assert names(inventory) == [b"2.png", b"deep/3.png"]


def test_a_look_that_becomes_a_scan_forgets_nothing(mirror):
    (mirror / "gpu/s").mkdir(parents=True)
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    paths = [
        put(mirror, "s/r/1.png"),
        put(mirror, "s/r/events.out.tfevents.1.h"),
        os.fsencode(mirror / "gpu"),
    ]
    change = inventory.look(paths)
    assert change.everything
    assert change.folders == {GPU: {b"r"}}
    assert [path for _, _, path, _ in change.events] == [b"r/events.out.tfevents.1.h"]


def test_overwritten_contents_stay_contents(mirror):
    path = put(mirror, "s/r/now.png", b"one", 1)
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    put(mirror, "s/r/now.png", b"three", 3)
    change = inventory.look([path])
    assert change.overwritten == [(*GPU, b"r/now.png", 3, 10**9)]
    (home,) = inventory.homes(GPU).values()
    found = inventory.contents(GPU, [b"r"], home.base)
    assert [(one.path, one.size, one.mtime_ns) for one in found] == [
        (b"now.png", 3, 10**9),
        (b"now.png", 5, 3 * 10**9),
    ]
    assert inventory.is_current(GPU, b"r/now.png", (5, 3 * 10**9))
    inventory.forget(GPU, b"r/now.png", (3, 10**9))
    assert len(inventory.contents(GPU, [b"r"], home.base)) == 1
    other = Inventory(mirror, everything)
    other.remember(change.overwritten)
    other.rescan()
    assert len(other.contents(GPU, [b"r"], home.base)) == 2, "after a restart, too"


def test_what_could_not_be_shown_is_no_content_that_was(mirror):
    path = put(mirror, "s/r/now.png", b"half", 1)
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    inventory.refuse(GPU, b"r/now.png", (4, 10**9))
    put(mirror, "s/r/now.png", b"whole", 2)
    assert inventory.look([path]).overwritten == []


def test_an_empty_file_is_no_content_that_was(mirror):
    path = put(mirror, "s/r/now.png", b"", 1)
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    put(mirror, "s/r/now.png", b"whole", 2)
    assert inventory.look([path]).overwritten == []


def test_a_run_that_appears_takes_its_images(mirror):
    put(mirror, "s/exp/out/1.png")
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    assert [home.run for home in inventory.homes(GPU).values()] == [b"exp"]
    event = put(mirror, "s/exp/out/events.out.tfevents.1.h")
    assert inventory.look([event]).folders == {GPU: {b"exp/out"}}
    assert [home.run for home in inventory.homes(GPU).values()] == [b"exp/out"]


def test_a_run_that_appears_takes_the_images_of_other_sources(mirror):
    put(mirror, "out/exp/1.png")
    put(mirror, "logs/notes.txt")
    inventory = Inventory(mirror, everything)
    regrouped(inventory, inventory.rescan(), mirror, no_pattern)
    event = put(mirror, "logs/exp/events.out.tfevents.1.h")
    change = inventory.look([event])
    assert change.folders == {("gpu", "out"): {b"exp"}}
    found = regrouped(inventory, change, mirror, no_pattern)
    assert [(one.key.source, one.key.run, one.key.name) for one in found.series] == [
        ("logs", b"exp", b"out//{n}.png")
    ]
    assert found.homes == {("gpu", "out", b"exp", "out"), ("gpu", "logs", b"exp", "out")}, "old and new"


def test_two_folders_of_one_name_are_told_apart(mirror):
    put(mirror, "logs/exp/events.out.tfevents.1.h")
    for inside in ("out/a/exp/1.png", "out/b/exp/1.png"):
        put(mirror, inside)
    inventory = Inventory(mirror, everything)
    found = regrouped(inventory, inventory.rescan(), mirror, no_pattern)
    assert sorted(one.key.name for one in found.series) == [b"out//a/exp/{n}.png", b"out//b/exp/{n}.png"]
    assert len({one.out for one in found.series}) == 2
    # One of them goes: the other is called as if it had always been alone.
    os.unlink(mirror / "gpu/out/b/exp/1.png")
    change = inventory.look([os.fsencode(mirror / "gpu/out/b/exp/1.png")])
    found = regrouped(inventory, change, mirror, no_pattern)
    assert [one.key.name for one in found.series] == [b"out//{n}.png"]


def test_the_whole_is_told_on_demand(mirror):
    put(mirror, "s/r/1.png")
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    found = regrouped(inventory, inventory.rescan(whole=True), mirror, no_pattern)
    assert [one.key.run for one in found.series] == [b"r"]
    assert found.whole == {GPU}
    assert found.known == frozenset({GPU})
    assert inventory.holds(GPU, b"r/1.png")
    assert not inventory.holds(GPU, b"r/2.png")


def test_what_changed_is_told_with_its_content(mirror):
    path = put(mirror, "s/r/1.png", b"12", 3)
    inventory = Inventory(mirror, everything)
    assert inventory.rescan().looked_anew == [(*GPU, b"r/1.png", (2, 3 * 10**9))]
    os.unlink(path)
    assert inventory.look([path]).looked_anew == [(*GPU, b"r/1.png", None)]


def test_a_source_that_left_the_mirror(mirror):
    put(mirror, "s/r/1.png")
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    (mirror / "gpu/s").rename(mirror.parent / "moved")
    assert inventory.rescan().folders == {GPU: {b"r"}}
    assert inventory.homes(GPU) == {}


def test_what_is_no_sample_is_not_there(mirror):
    put(mirror, "s/r/1.png")
    inventory = Inventory(mirror, nothing)
    assert inventory.rescan().folders == {}


def test_event_files_are_told_once_by_scans_and_by_looks(mirror):
    inventory = Inventory(mirror, everything)
    path = put(mirror, "s/r/events.out.tfevents.1.h")
    put(mirror, "s/r/deep/events.out.tfevents.2.h", b"two")
    assert sorted(inventory.rescan().events) == [
        (*GPU, b"r/deep/events.out.tfevents.2.h", 3),
        (*GPU, b"r/events.out.tfevents.1.h", 1),
    ]
    assert inventory.rescan().events == []
    put(mirror, "s/r/events.out.tfevents.1.h", b"grown")
    assert inventory.look([os.path.dirname(path)]).events == [(*GPU, b"r/events.out.tfevents.1.h", 5)]
    assert inventory.look([path]).events == []


def test_a_time_that_no_database_holds_is_the_latest_it_does(mirror):
    path = put(mirror, "s/r/step_1.png", second=9_300_000_000)  # in 2264
    inventory = Inventory(mirror, everything)
    inventory.rescan()
    (one,) = inventory.contents(GPU, [b"r"], b"r")
    assert one.mtime_ns == (1 << 63) - 1
    with opened(Picture(path, one.size, one.mtime_ns)) as file:
        assert file.read() == b"x"
    inventory.look([path])
    assert inventory.contents(GPU, [b"r"], b"r") == [one]


def test_folders_that_no_host_and_no_source_can_be_called_are_passed_over(mirror):
    places = [put(mirror, os.fsdecode(name)) for name in (b"t\xff/a/step_1.png", b"../h\xff/s/step_1.png")]
    inventory = Inventory(mirror, everything)
    assert not inventory.rescan().folders
    assert not inventory.look([os.path.normpath(place) for place in places]).folders
    assert not inventory.addresses
