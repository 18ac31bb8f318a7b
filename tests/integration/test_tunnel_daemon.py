"""A tunnel to a TensorBoard that runs on a third machine, kept by the daemon."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from support.place import Place, free_port
from support.tensorboards import Training, ask
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
WITHIN_S = 30
BACK_WITHIN_S = 10
HELD_S = 11
THIRD = "127.0.0.9"


@pytest.fixture
def board(tmp_path):
    """A TensorBoard with one run on the third machine; its port."""
    training = Training(tmp_path / "logs")
    training.write(range(3))
    training.close()
    port = free_port()
    argv = [sys.executable, "-m", "tensorboard.main", "--logdir", str(tmp_path / "logs"), "--host", THIRD]
    there = subprocess.Popen(
        [*argv, "--port", str(port), "--load_fast", "false"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    yield port
    os.killpg(there.pid, signal.SIGTERM)
    there.wait()


@pytest.fixture
def place(sshd):
    place = Place(sshd.options, sshd.alias)
    yield place
    place.close()


def host_of(place):
    return client.ask(place.control, request("status"))["status"]["hosts"]["gpu"]


def held_s(place):
    since = datetime.fromisoformat(host_of(place)["since"])
    return (datetime.now(UTC) - since).total_seconds()


def forward(place, local, remote):
    place.configure(interval="1s")
    text = place.config_file.read_text()
    mapping = f"{{local: {local}, remote: '{remote}', tensorboard: true}}"
    place.config_file.write_text(f"{text}    forwards: [{mapping}]\n")


def test_it_answers_survives_the_master_and_goes_with_the_config(place, board):
    local = free_port()
    forward(place, local, f"{THIRD}:{board}")
    place.start()
    until(lambda: host_of(place)["tunnels"][str(local)]["status"] == "open", WITHIN_S)
    shown = host_of(place)["tunnels"][str(local)]
    assert shown["url"] == f"http://localhost:{local}/"
    assert (shown["remote"], shown["tensorboard"]) == (f"{THIRD}:{board}", True)
    until(lambda: ask(local, "/data/runs") == (200, b'["."]'), WITHIN_S)
    said = place.run("status").stdout
    assert f"http://localhost:{local}/  the TensorBoard that runs at gpu" in said
    assert f"tunnel {local} to {THIRD}:{board}" in said

    # A connection that had held: one that comes and goes is opened at most every ten seconds.
    until(lambda: held_s(place) > HELD_S, WITHIN_S)
    (socket,) = (place.base / "run/expsyncd/cm").iterdir()
    check = ["ssh", "-S", str(socket), "-O", "check", "x"]
    said = subprocess.run(check, check=True, capture_output=True, text=True).stderr
    master = re.search(r"pid=(\d+)", said)
    assert master
    os.kill(int(master[1]), signal.SIGKILL)
    until(lambda: ask(local, "/data/runs")[0] == 0, WITHIN_S)
    until(lambda: ask(local, "/data/runs")[0] == 200, BACK_WITHIN_S)
    until(lambda: host_of(place)["tunnels"][str(local)]["status"] == "open", BACK_WITHIN_S)

    other = free_port()
    forward(place, other, f"{THIRD}:{board}")
    until(lambda: ask(other, "/data/runs")[0] == 200, WITHIN_S)
    until(lambda: ask(local, "/data/runs")[0] == 0, WITHIN_S)
    assert place.stop() == 0
    assert ask(other, "/data/runs")[0] == 0


def test_where_forwarding_is_forbidden_the_mirror_goes_on(make_sshd, board):
    sshd = make_sshd(lines=("AllowTcpForwarding no",))
    place = Place(sshd.options, sshd.alias)
    try:
        local = free_port()
        (place.remote / "a.csv").write_text("1\n")
        forward(place, local, f"{THIRD}:{board}")
        place.start()
        until(lambda: host_of(place)["tunnels"][str(local)]["status"] == "failed", WITHIN_S)
        place.until_fresh()
        place.until_equal()
        done = place.run("status", check=False)
        assert done.returncode == 1
        assert "forbids forwarding" in done.stdout
        assert "AllowTcpForwarding" in done.stdout
    finally:
        place.close()
