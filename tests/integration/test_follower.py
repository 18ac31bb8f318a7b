"""Growth on a real host is here in no time, by an agent over the master; whatever forbids that, pulls go on."""

from __future__ import annotations

import time

import pytest

from support.place import Place
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def place(make_sshd):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    place.sshd = sshd
    yield place
    place.close()


def following(place, name="remote"):
    return (place.source(name).get("follow") or {}).get("healthy")


def start(place, **options):
    place.configure(interval="10m", **options)
    place.start()
    until(lambda: following(place), 20, "followed")


def append(path, content):
    with path.open("ab") as file:
        file.write(content)


def test_growth_arrives_in_place_and_at_once(place):
    log = place.remote / "metrics.csv"
    log.write_bytes(b"step,loss\n")
    start(place)
    here = place.mirror / "metrics.csv"
    inode = here.stat().st_ino
    waits = []
    for step in range(20):
        append(log, b"%d,0.5\n" % step)
        written = time.monotonic()
        until(lambda: here.read_bytes() == log.read_bytes(), 5)
        waits.append(time.monotonic() - written)
    print("arrivals", [round(w, 3) for w in sorted(waits)])
    assert sorted(waits)[10] < 1.0
    assert here.stat().st_ino == inode
    follow = until(lambda: place.source()["follow"]["arrival"] and place.source()["follow"], 10)
    assert follow["mode"] == "following"
    assert follow["watches"] == 1
    assert 0 < follow["arrival"]["p50"] <= follow["arrival"]["p95"] < 1.0
