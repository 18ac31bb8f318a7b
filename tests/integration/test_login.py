"""`expsyncd login`: a connection opened in the person's terminal is used by the daemon and outlives it."""

from __future__ import annotations

import subprocess

import pytest

from support.place import Place, content
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@pytest.fixture
def place(make_sshd):
    # A key with a passphrase stands for everything that has to be typed: BatchMode cannot use it.
    sshd = make_sshd()
    subprocess.run(
        ["ssh-keygen", "-q", "-p", "-P", "", "-N", "sesame", "-f", str(sshd.folder / "id")], check=True
    )
    place = Place(sshd.options, sshd.alias)
    place.sshd = sshd
    place.configure(interval="1s")
    yield place
    socket = place.base / "run/expsyncd/cm"
    for path in socket.iterdir() if socket.exists() else []:
        subprocess.run(
            ["ssh", *sshd.options, "-S", str(path), "-O", "exit", "x"], check=False, capture_output=True
        )
    place.close()


def test_typed_once_used_by_the_daemon_and_never_closed(place):
    (place.remote / "a.csv").write_text("1\n")
    place.start()
    until(lambda: (place.status() or {})["hosts"]["gpu"]["status"] in ("failed", "needs-login"), 20)
    attempts = place.sshd.attempts()
    assert place.run("status", check=False).returncode == 1
    place.run("pull", check=False)
    assert place.sshd.attempts() == attempts, "a wish is no reason to knock again"

    askpass = place.base / "askpass"
    askpass.write_text("#!/bin/sh\necho sesame\n")
    askpass.chmod(0o700)
    place.environment |= {"SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    assert "logged in" in place.run("login", "gpu").stdout
    until(lambda: content(place.mirror) == {b"a.csv": b"1\n"}, 20)
    place.until_fresh()
    (socket,) = (place.base / "run/expsyncd/cm").iterdir()
    place.stop()
    alive = subprocess.run(
        ["ssh", *place.sshd.options, "-S", str(socket), "-O", "check", "x"], check=False, capture_output=True
    )
    assert alive.returncode == 0, "the person's login outlives the daemon"
    assert "no host x" in place.run("login", "x", check=False).stderr
