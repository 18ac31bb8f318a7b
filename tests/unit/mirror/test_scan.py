import os
from pathlib import Path

import pytest

from expsyncd.mirror.scan import RunFolder, find_runs, find_runs_in, is_event_file_name


def put(mirror: Path, path: bytes, content: bytes = b"x", mtime_ns: int | None = None) -> None:
    place = mirror / os.fsdecode(path)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    if mtime_ns is not None:
        os.utime(place, ns=(mtime_ns, mtime_ns))


def test_a_missing_mirror_has_no_runs(tmp_path):
    assert find_runs(tmp_path / "none") == []


def test_runs_are_folders_with_event_files(tmp_path):
    put(tmp_path, b"gpu1/tb/a/events.out.tfevents.1", b"12345", mtime_ns=1_000)
    put(tmp_path, b"gpu1/tb/a/run1.tfevents.77", b"123", mtime_ns=3_000)
    put(tmp_path, b"gpu1/tb/a/model.pt", b"123456789")
    put(tmp_path, b"gpu1/tb/a/eval/events.out.tfevents.1", mtime_ns=2_000)
    put(tmp_path, b"gpu1/tb/samples/1.png")
    assert find_runs(tmp_path) == [
        RunFolder("gpu1", "tb", b"a", (b"events.out.tfevents.1", b"run1.tfevents.77"), 3_000, 8),
        RunFolder("gpu1", "tb", b"a/eval", (b"events.out.tfevents.1",), 2_000, 1),
    ]


def test_what_did_not_change_is_not_held_twice(tmp_path):
    put(tmp_path, b"gpu1/tb/a/events.out.tfevents.1")
    put(tmp_path, b"gpu1/tb/b/events.out.tfevents.1")
    before = {run.key: run for run in find_runs(tmp_path)}
    put(tmp_path, b"gpu1/tb/b/events.out.tfevents.1", b"more")
    same, other = find_runs(tmp_path, known=before)
    assert same is before[same.key]
    assert other.bytes == 4


def test_event_files_in_the_source_itself(tmp_path):
    put(tmp_path, b"gpu1/run/events.out.tfevents.1", mtime_ns=5)
    assert [run.inside for run in find_runs_in(tmp_path, "gpu1", "run")] == [b""]


def test_only_the_hosts_asked_for(tmp_path):
    put(tmp_path, b"gpu1/tb/tfevents")
    put(tmp_path, b"gpu2/tb/tfevents")
    assert [run.host for run in find_runs(tmp_path)] == ["gpu1", "gpu2"]
    assert [run.host for run in find_runs(tmp_path, ["gpu2", "gone"])] == ["gpu2"]


def test_names_are_bytes(tmp_path):
    put(tmp_path, b"gpu1/tb/\xff\n\x1b[31m/events.tfevents.\xfe")
    (run,) = find_runs(tmp_path)
    assert run.inside == b"\xff\n\x1b[31m"
    assert run.files == (b"events.tfevents.\xfe",)


def test_links_are_not_followed(tmp_path):
    mirror, other = tmp_path / "mirror", tmp_path / "other"
    put(other, b"tfevents.1")
    put(mirror, b"gpu1/tb/real/tfevents.1")
    (mirror / "gpu1/tb/linked").symlink_to(other)
    (mirror / "gpu1/tb/loop").symlink_to(mirror)
    (mirror / "gpu1/linked_source").symlink_to(other)
    (mirror / "linked_host").symlink_to(mirror / "gpu1")
    (mirror / "gpu1/tb/real/tfevents.2").symlink_to(other / "tfevents.1")
    os.mkfifo(mirror / "gpu1/tb/real/tfevents.3")
    assert [(run.inside, run.files) for run in find_runs(mirror)] == [(b"real", (b"tfevents.1",))]


def test_what_rsync_is_writing_is_no_event_file(tmp_path):
    put(tmp_path, b"gpu1/tb/a/.events.out.tfevents.1.aB3xYz")
    put(tmp_path, b"gpu1/tb/.rsync-partial/events.out.tfevents.1")
    assert find_runs(tmp_path) == []
    assert is_event_file_name(b"events.out.tfevents.1")


def test_a_folder_that_cannot_be_read_hides_only_itself(tmp_path):
    put(tmp_path, b"gpu1/tb/a/tfevents.1")
    put(tmp_path, b"gpu1/tb/b/tfevents.1")
    (tmp_path / "gpu1/tb/a").chmod(0)
    try:
        found = [run.inside for run in find_runs(tmp_path)]
    finally:
        (tmp_path / "gpu1/tb/a").chmod(0o700)
    if os.geteuid() == 0:
        pytest.skip("root reads every folder")
    assert found == [b"b"]


def test_folders_that_no_host_and_no_source_can_be_called_are_passed_over(tmp_path):
    # Hosts and sources are texts in the databases; somebody's folder in the mirror may be called anything.
    for place in (b"gpu1/tb/a", b"gpu1/t\xff/a", b"h\xff/tb/a"):
        put(tmp_path, place + b"/events.out.tfevents.1")
    assert [run.key for run in find_runs(tmp_path)] == [("gpu1", "tb", b"a")]
