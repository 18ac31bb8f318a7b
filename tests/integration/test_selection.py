"""Hiding, unhiding and pinning runs with the real daemon and TensorBoard: at once, and for good."""

from __future__ import annotations

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from support.place import Place
from support.tensorboards import Training, runs, steps
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]
FOLLOWS_S = 5.0


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
