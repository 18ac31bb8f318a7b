"""Nothing mirrored is ever destroyed by what happens on the host: real sshd and daemon, every transport."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime

import pytest

from expsyncd.pull.audit import SLICES, slice_of
from support.place import Place, content
from support.pulls import HOSTS
from support.wait import until

GROWTHS = int(os.environ.get("EXPSYNCD_GROWTHS", "20"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(180 + 5 * GROWTHS)]


@pytest.fixture(params=HOSTS)
def transport(request):
    return request.param


@pytest.fixture
def place(make_sshd, transport):
    sshd = make_sshd(**HOSTS[transport])
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s")
    yield place
    place.close()


def versions_of(place):
    return content(place.root / "versions")


def pulled(place):
    """The moment of the source's last pull."""
    return (place.source().get("last_pull") or {}).get("at", "")


def another_pull(place, count=2):
    """Wait until `count` more pulls have ended."""
    for _ in range(count):
        before = pulled(place)
        place.run("pull", check=False)  # a followed source is pulled rarely by itself
        until(lambda before=before: pulled(place) > before, 20, "another pull")


def test_what_the_host_does_to_a_file_never_costs_a_byte(place):
    remote = place.remote
    old = {
        "deleted.log": b"deleted\n" * 100,
        "truncated.log": b"truncated\n" * 100,
        "rewritten.png": b"A" * 1000,
        "longer.csv": b"old beginning\n" * 50,
        "shorter.tfevents.1": b"s" * 5000,
        "to_folder.txt": b"once a file\n",
        "to_link.txt": b"once not a link\n",
        "folder/to_file/inner.txt": b"in a folder\n",
        "vanishing/deep/a.bin": os.urandom(3000),
    }
    for name, data in old.items():
        (remote / name).parent.mkdir(parents=True, exist_ok=True)
        (remote / name).write_bytes(data)
    place.start()
    place.until_equal()
    place.until_fresh()
    assert content(place.mirror) == {os.fsencode(n): d for n, d in old.items()}

    stat = (remote / "rewritten.png").stat()
    (remote / "deleted.log").unlink()
    (remote / "truncated.log").write_bytes(b"")
    (remote / "rewritten.png").write_bytes(b"B" * 1000)
    os.utime(remote / "rewritten.png", ns=(stat.st_atime_ns, stat.st_mtime_ns + 1))
    (remote / "longer.csv").write_bytes(b"another beginning, and longer than before\n" * 100)
    (remote / "shorter.tfevents.1").write_bytes(b"t" * 100)
    (remote / "to_folder.txt").unlink()
    (remote / "to_folder.txt").mkdir()
    (remote / "to_folder.txt/now.txt").write_bytes(b"now inside\n")
    (remote / "to_link.txt").unlink()
    (remote / "to_link.txt").symlink_to("/etc/passwd")
    shutil.rmtree(remote / "folder/to_file")
    (remote / "folder/to_file").write_bytes(b"now a file\n")
    shutil.rmtree(remote / "vanishing")
    place.until_equal()
    another_pull(place)

    kept = place.everything_kept()
    assert [name for name, data in old.items() if data not in kept] == []
    assert not (place.mirror / "to_link.txt").is_symlink()
    source = place.source()
    assert source["gone"] >= 2
    assert any("gone on the host" in notice for notice in source["notices"])
    assert any("link" in skipped["reason"] for skipped in source["skipped"])
    listed = place.run("versions", "--json").stdout
    assert "longer.csv" in listed


def test_modes_links_devices_and_names(place):
    remote = place.remote
    odd = [
        b"new\nline",
        b"-dash",
        b"$(touch X)",
        b"quote'\"",
        b"\xff\xfe",
        b"\x1b[31m",
        b"n" * 255,
        "ünï".encode(),
    ]
    for name in odd:
        with open(bytes(remote) + b"/" + name, "wb") as file:
            file.write(name)
    (remote / "sub").mkdir(mode=0o777)
    (remote / "sub/run").write_bytes(b"#!/bin/sh\n")
    (remote / "sub/run").chmod(0o4755)
    (remote / "link").symlink_to("sub/run")
    os.mkfifo(remote / "pipe")
    place.start()
    place.until_fresh()
    here = content(place.mirror)
    assert here == {**{name: name for name in odd}, b"sub/run": b"#!/bin/sh\n"}
    for path in place.mirror.rglob("*"):
        assert path.lstat().st_mode & 0o7777 == (0o700 if path.is_dir() else 0o600)
        assert not path.is_symlink()
    shown = place.run("status").stdout
    assert "\x1b" not in shown
    reasons = {s["path"]: s["reason"] for s in place.source()["skipped"]}
    assert set(reasons) == {"link", "pipe"}


def test_an_emptied_source_is_suspect_and_kept(place):
    for number in range(20):
        (place.remote / f"{number}.txt").write_text(str(number))
    place.start()
    place.until_fresh()
    before = content(place.mirror)
    for path in place.remote.iterdir():
        path.unlink()
    until(lambda: place.source()["status"] == "suspect", 20)
    assert content(place.mirror) == before
    # While it is looked at again the word is another for a moment.
    until(lambda: place.run("status", check=False).returncode == 1, 20)
    place.remote.rename(place.base / "elsewhere")
    until(lambda: "not there" in place.source()["sentence"], 20)
    (place.base / "elsewhere").rename(place.remote)
    (place.remote / "again.txt").write_text("x")
    place.until_fresh()
    until(lambda: place.run("status", check=False).returncode == 0, 20)


def test_a_growing_log_leaves_no_versions(place):
    place.configure(interval="1s", follow=False)  # growth by pulls alone
    log = place.remote / "train.log"
    log.write_bytes(os.urandom(10_000_000))
    place.start()
    place.until_fresh()
    inode = (place.mirror / "train.log").stat().st_ino
    for _ in range(GROWTHS):
        with log.open("ab") as file:
            file.write(os.urandom(50_000))
        another_pull(place, 1)
    place.until_equal()
    assert (place.mirror / "train.log").stat().st_ino == inode
    assert versions_of(place) == {}
    assert "nothing" in place.run("versions").stdout.lower()


def test_checkpoints_are_named_not_pulled(place):
    big = place.remote / "model_1.pt"
    with big.open("wb") as file:
        file.truncate(60_000_000)
    (place.remote / "small.pt").write_bytes(b"x")
    place.start()
    place.until_fresh()
    assert set(content(place.mirror)) == {b"small.pt"}
    (skipped,) = place.source()["skipped"]
    assert skipped["path"] == "model_1.pt"
    assert skipped["bytes"] == 60_000_000


def test_rewritten_at_the_same_size_and_time_is_found_by_an_audit(place):
    file = place.remote / "a.bin"
    file.write_bytes(b"A" * 4096)
    stat = file.stat()
    place.start()
    place.until_fresh()
    place.kill()  # unclean: the next start audits what was written lately
    file.write_bytes(b"B" * 4096)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    place.start()
    place.until_equal()
    assert b"A" * 4096 in place.everything_kept()


def test_each_night_a_slice_is_compared_by_digest(place):
    # Today's slice: the nightly audit takes one of seven, by a hash of the path.
    today = datetime.now(UTC).toordinal() % SLICES
    name = next(name for n in range(1000) if slice_of((name := f"a{n}.bin").encode()) == today)
    file = place.remote / name
    file.write_bytes(b"A" * 4096)
    stat = file.stat()
    place.configure(interval="1s", more="audit: 2s\n")
    place.start()
    place.until_fresh()
    file.write_bytes(b"B" * 4096)
    os.utime(file, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    place.until_equal(30)
    assert b"A" * 4096 in place.everything_kept()
    until(lambda: any("replaced on the host" in notice for notice in place.source()["notices"]), 10)
