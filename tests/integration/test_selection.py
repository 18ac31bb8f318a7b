"""Hiding, unhiding and pinning runs with the real daemon and TensorBoard: at once, and for good."""

from __future__ import annotations

import json
import os

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from support.place import Place
from support.tensorboards import Training, runs, steps
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
FOLLOWS_S = 5.0 + 3.0  # five by design; a loaded machine gets three more


@pytest.fixture
def place(make_sshd, tmp_path):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    for run in "abc":
        training = Training(place.remote / run)
        training.write(range(3))
        training.close()
    place.configure(interval="60s", tensorboard=True)
    yield place
    place.close()


def board(place):
    return (place.status() or {}).get("tensorboard", {})


def port(place):
    return int(board(place)["url"].rpartition(":")[2])


def mark(place, **wish):
    return client.ask(place.control, request("mark", **wish))


def test_marks_are_followed_at_once_and_survive_everything(place):
    place.start()
    until(lambda: board(place).get("status") == "serving" and board(place)["runs"] == 3, 30)
    pid, at = board(place)["pid"], port(place)
    until(lambda: runs(at) == ["gpu/a", "gpu/b", "gpu/c"], 10)
    assert mark(place, run="gpu/a", hidden=True)["changed"] == ["gpu/a"]
    until(lambda: runs(at) == ["gpu/b", "gpu/c"], FOLLOWS_S)
    assert (board(place)["runs"], board(place)["hidden"], board(place)["folded"]) == (2, 1, 0)
    mark(place, run="gpu/a", hidden=None)
    until(
        lambda: steps(at, "gpu/a") == [0, 1, 2], FOLLOWS_S + 3
    )  # it rests, or it would come back without points
    mark(place, runs=["gpu/a", "gpu/b"], hidden=True)
    until(lambda: runs(at) == ["gpu/c"], FOLLOWS_S)
    with pytest.raises(Error, match="no run is called"):
        mark(place, run="gpu/none", hidden=True)
    assert board(place)["pid"] == pid
    place.stop()
    Paths.of(place.environment).catalogue_db.unlink()
    place.start()
    until(lambda: board(place).get("status") == "serving", 30)
    until(lambda: runs(port(place)) == ["gpu/c"], 10)
    assert board(place)["hidden"] == 2


def test_the_commands_with_and_without_a_daemon(place):
    for run, days in (("a", 0), ("b", 40), ("c", 50)):
        for file in (place.remote / run).iterdir():
            at = file.stat().st_mtime - days * 86400
            os.utime(file, (at, at))
    place.run("pull")
    done = place.run("hide", "--older-than", "30d", "--dry-run")
    assert done.stdout == "gpu/b: would be hidden\ngpu/c: would be hidden\n"
    assert place.run("hide", "--older-than", "30d").stdout == "gpu/b: hidden\ngpu/c: hidden\n"
    assert place.run("hide", "b", "*/c").stdout == "2 runs: hidden already\n"
    assert place.run("hide", check=False).returncode == 2
    assert place.run("hide", "a", "--older-than", "30", check=False).returncode == 2
    wrong = place.run("pin", "gpu/d", check=False)
    assert (wrong.returncode, wrong.stderr.splitlines()[0]) == (1, "expsyncd: no run is called gpu/d")
    place.start()
    until(lambda: board(place).get("hidden") == 2, 30)
    assert "2 hidden by you; `expsyncd unhide RUN` shows one" in place.run("status").stdout
    assert json.loads(place.run("pin", "gpu/c", "--json").stdout)["changed"] == ["gpu/c"]
    until(lambda: (board(place)["runs"], board(place)["hidden"]) == (2, 1), FOLLOWS_S)
    assert place.run("unpin", "gpu/*").stdout == "gpu/c: not pinned any more\n2 runs were not pinned\n"
    assert place.run("unhide", "gpu/b", "--by-rule").stdout == "gpu/b: left to the rule\n"
    until(lambda: (board(place)["runs"], board(place)["hidden"]) == (3, 0), FOLLOWS_S)


def test_the_rule_is_followed_at_once_without_a_restart(place):
    place.start()
    until(lambda: board(place).get("status") == "serving" and board(place)["runs"] == 3, 30)
    pid, at = board(place)["pid"], port(place)
    mark(place, run="gpu/c", pinned=True)
    text = place.config_file.read_text()
    place.config_file.write_text(text.replace("enabled: true", "enabled: true, show: {runs: [a]}"))
    until(lambda: runs(at) == ["gpu/a", "gpu/c"], FOLLOWS_S + 2)  # 2 s until a saved file is in force
    assert (board(place)["folded"], board(place)["pid"]) == (1, pid)
    place.config_file.write_text(text)
    until(lambda: steps(at, "gpu/b") == [0, 1, 2], FOLLOWS_S + 2)
    assert board(place)["pid"] == pid
