"""How files come is found out on every kind of host, and said: the real daemon against real sshds."""

from __future__ import annotations

import os
import shutil

import pytest

from support.place import Place, content
from support.programs import RRSYNC, SFTP_PROGRAM
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def laptop(make_sshd):
    """`laptop(more of the host's config, **Sshd options)`: a running daemon with one host."""
    places = []

    def make(transport="auto", *, sources=None, start=True, **options):
        sshd = make_sshd(**options)
        place = Place(sshd.options, sshd.alias)
        places.append(place)
        place.sshd = sshd
        chosen = sources(place) if sources else f"[{{path: {place.remote}, name: remote}}]"
        place.configure(sources=f"{chosen}\n    transport: {transport}")
        fill(place)
        if start:
            place.start()
        return place

    yield make
    for place in places:
        place.close()


def fill(place):
    (place.remote / "sub").mkdir()
    (place.remote / "sub/a.png").write_bytes(os.urandom(5000))
    (place.remote / "train.log").write_bytes(b"line\n" * 1000)


def dispatching(**programs):
    """A forced command that answers by what is asked for: `sftp`, `other`."""
    return (
        f'case "$SSH_ORIGINAL_COMMAND" in internal-sftp) {programs["sftp"]};; *) {programs["other"]};; esac'
    )


def host_of(place):
    return (place.status() or {}).get("hosts", {}).get("gpu", {})


def arrives(place, *, within=30):
    place.until_fresh(within)
    place.until_equal()
    with (place.remote / "train.log").open("ab") as file:
        file.write(b"more\n")
    place.until_equal()
    assert content(place.root / "versions") == {}
    return host_of(place)["notices"]


def programs_without(folder, *names):
    """A PATH with what a host has, but for `names`."""
    folder.mkdir()
    for name in ("sh", "bash", "uname", "date", "head", "cat", "sha256sum", "ls", "sed", "rsync", "tail"):
        found = shutil.which(name)
        if found and name not in names:
            (folder / name).symlink_to(found)
    return folder


def test_internal_sftp_only(laptop):
    place = laptop(force_command="internal-sftp")
    assert arrives(place) == ["the host offers sftp only: pulled by sftp"]
    assert place.sshd.attempts() == 1, "nothing is authenticated twice"
    assert "pulled by sftp" in place.run("status", "gpu").stdout


def test_a_login_without_a_shell(laptop):
    place = laptop(force_command=dispatching(sftp=f"exec {SFTP_PROGRAM}", other="exec /usr/sbin/nologin"))
    assert arrives(place) == ["the host runs no commands for this login: pulled by sftp"]


def test_a_shell_without_rsync(laptop, tmp_path):
    path = programs_without(tmp_path / "bin", "rsync")
    command = f'PATH={path} exec {path}/sh -c "$SSH_ORIGINAL_COMMAND"'
    place = laptop(force_command=dispatching(sftp=f"exec {SFTP_PROGRAM}", other=command))
    assert arrives(place) == ["no rsync on the host: pulled by sftp"]


def pretending(folder, said):
    """A host whose rsync says of itself what `said` says, and works."""
    path = programs_without(folder, "rsync")
    rsync = path / "rsync"
    real = shutil.which("rsync")
    rsync.write_text(f'#!/bin/sh\n[ "$1" = --version ] && {{ echo "{said}"; exit; }}\nexec {real} "$@"\n')
    rsync.chmod(0o755)
    command = f'PATH={path} exec {path}/sh -c "$SSH_ORIGINAL_COMMAND"'
    return dispatching(sftp=f"exec {SFTP_PROGRAM}", other=command)


def test_openrsync_on_the_host(laptop, tmp_path):
    place = laptop(force_command=pretending(tmp_path / "bin", "openrsync: protocol version 29"))
    (notice,) = arrives(place)
    assert "openrsync" in notice
    assert "pulled by sftp" in notice


def test_an_old_rsync_on_the_host_works_and_is_named(laptop, tmp_path):
    said = "rsync  version 3.1.3  protocol version 31"
    place = laptop(force_command=pretending(tmp_path / "bin", said))
    (notice,) = arrives(place)
    assert "rsync 3.1.3 on the host is old" in notice
    assert host_of(place)["status"] == "connected"
    assert place.run("status").returncode == 0


@pytest.mark.skipif(not os.access(RRSYNC, os.X_OK), reason="rrsync is not installed")
def test_a_key_limited_to_rrsync(laptop):
    place = laptop(force_command=f"{RRSYNC} -ro /")
    (notice,) = arrives(place)
    assert "limited to rrsync" in notice
    # That no command runs there is no reason to think the host dead.
    place.run("resume", "gpu")
    assert host_of(place)["status"] == "connected"


def test_sftp_by_config_where_there_is_rsync(laptop):
    place = laptop("sftp")
    assert arrives(place) == ["pulled by sftp, as `transport: sftp` says"]


def test_rsync_by_config_never_falls_back(laptop):
    place = laptop("rsync", force_command="internal-sftp")
    until(lambda: host_of(place).get("status") == "failed", 30)
    assert "sftp only" in host_of(place)["error"]["title"]
    assert "auto" in host_of(place)["error"]["advice"]
    assert content(place.root / "mirror") == {}


@pytest.mark.parametrize("command", ["internal-sftp", f"{RRSYNC} -ro /"])
def test_globs_and_plans_without_a_shell(laptop, command):
    place = laptop(
        sources=lambda place: f"[{place.remote}/run*]",
        force_command=command,
        start=False,
    )
    for name in ("run1", "run2"):
        (place.remote / name).mkdir()
        (place.remote / name / "a.csv").write_text(name)
    place.start()
    mirror = place.root / "mirror" / "gpu"
    until(lambda: sorted(content(mirror).values()) == [b"run1", b"run2"], 30)
    (place.remote / "run3").mkdir()
    (place.remote / "run3" / "a.csv").write_text("run3")
    until(lambda: b"run3" in content(mirror).values(), 30)


def test_a_pull_without_a_daemon(laptop):
    place = laptop(force_command="internal-sftp", start=False)
    assert "2" in place.run("pull", "--dry-run").stdout
    assert content(place.root / "mirror") == {}
    place.run("pull")
    assert content(place.mirror) == content(place.remote)
