"""The root's disk: full, unmounted under the daemon, back again. Needs root for the mounts."""

from __future__ import annotations

import os
import subprocess

import pytest

from support.place import Place, content
from support.wait import until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(120),
    pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root"),
]


def mounts_allowed() -> bool:
    return subprocess.run(["unshare", "--mount", "true"], check=False, capture_output=True).returncode == 0


@pytest.fixture
def place(make_sshd):
    if not mounts_allowed():
        pytest.skip("this machine lets nobody mount")
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    disk = place.base / "disk"
    disk.mkdir()
    mount(disk)
    place.root = disk / "root"
    place.configure(interval="1s")
    yield place
    place.close()
    subprocess.run(["umount", "-l", str(disk)], check=False)


def mount(disk):
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m,mode=700", "tmpfs", str(disk)], check=True)


def test_unmounted_and_back(place):
    disk = place.base / "disk"
    image = place.base / "img"
    subprocess.run(["umount", str(disk)], check=True)
    with image.open("wb") as file:
        file.truncate(40_000_000)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    if subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=False).returncode:
        pytest.skip("no loop devices here")
    (place.remote / "a.txt").write_text("a")
    place.start()
    place.until_fresh()
    subprocess.run(["umount", "-l", str(disk)], check=True)
    (place.remote / "b.txt").write_text("b")
    until(lambda: (place.status() or {})["root"]["error"], 15, "status says that the disk is away")
    before = place.source()["last_pull"]["at"]
    place.run("pull", check=False)
    assert list(disk.iterdir()) == []
    assert place.run("status", check=False).returncode == 1
    assert before
    subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True)
    place.until_equal(30)
    place.until_fresh()
    assert list(content(place.mirror)) == [b"a.txt", b"b.txt"] or set(content(place.mirror)) == {
        b"a.txt",
        b"b.txt",
    }
    place.stop()
    subprocess.run(["umount", "-l", str(disk)], check=True)
    mount(disk)


def test_disk_full_and_room_again(place):
    (place.remote / "early.bin").write_bytes(b"e" * 1_000_000)
    place.start()
    place.until_fresh()
    hog = place.base / "disk" / "hog"
    with hog.open("wb") as file:
        file.write(b"h" * 20_000_000)
    (place.remote / "late.bin").write_bytes(b"l" * 6_000_000)
    until(lambda: "room" in place.source()["sentence"], 20, "status says that the disk is full")
    assert (place.mirror / "early.bin").read_bytes() == b"e" * 1_000_000
    assert not (place.mirror / "late.bin").exists()
    hog.unlink()
    place.until_equal(30)
    place.until_fresh()
