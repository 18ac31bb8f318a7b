"""The root's disk becomes read-only, goes, and comes back as another device. Needs root for the mounts."""

from __future__ import annotations

import os
import subprocess

import pytest

from expsyncd.mirror.root import REMOUNT_REST_S, Root
from expsyncd.state.facts import Facts

pytestmark = [pytest.mark.skipif(os.getuid() != 0, reason="mounting a small disk needs root")]


def mount(*words):
    subprocess.run(["mount", *words], check=True)


@pytest.fixture
def disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "one", str(folder)], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("this machine lets nobody mount")
    yield folder
    while os.path.ismount(folder):
        subprocess.run(["umount", str(folder)], check=True)


def test_each_is_told_and_ends(disk, tmp_path):
    facts = Facts.open(tmp_path / "facts.db")
    now = [0.0]
    made = Root.prepare(disk / "root", facts)
    identity = facts.known_root(str(made.paths.path))
    assert identity
    root = Root(made.paths, identity, lambda: now[0])
    marker = root.paths.marker.read_bytes()
    assert root.check() is None

    mount("-o", "remount,ro", str(disk))
    assert "read-only" in root.check().title
    mount("-o", "remount,rw", str(disk))
    assert root.check() is None

    subprocess.run(["umount", str(disk)], check=True)
    assert "not there" in root.check().title
    assert "not there" in Root.prepare(disk / "root", facts).check().title
    assert list(disk.iterdir()) == []

    for name in ("other", "another"):  # a number of a device may be given again
        mount("-t", "tmpfs", name, str(disk))
    root.paths.path.mkdir()
    root.paths.marker.write_bytes(marker)
    assert "mounted anew" in root.check().title
    now[0] += REMOUNT_REST_S
    assert root.check() is None
    assert root.paths.mirror.is_dir()
    facts.close()
