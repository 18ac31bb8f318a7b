"""Folders on FUSE that other machines write: inotify sees nothing, and looking again finds it."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from labs.lab_of_fuse import WORDS, FuseLab, missing
from support.following import agents, append, equal, follow_of, reason_of
from support.place import content
from support.wait import until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(300)]

# An sshfs may know 20 s late what its other end has; a look comes each second.
FOUND_WITHIN_S = 60

HEARD = """
import os, select, sys
from expsyncd.follow.agent import disks, inotify
front, back = sys.argv[1:]
notify = inotify.Inotify()
notify.add(os.fsencode(front))

def heard(folder, within_ms):
    with open(folder + "/proof.bin", "ab") as file:
        file.write(b"more")
    poll = select.poll()
    poll.register(notify.fd, select.POLLIN)
    return bool(poll.poll(within_ms))

print(disks.remote_kind(os.fsencode(front)), heard(back, 1500), heard(front, 20000))
"""


@pytest.fixture(params=sorted(WORDS))
def lab(request, leak_guard, laptop, make_sshd, tmp_path):
    """A place whose source lies on FUSE; `place.remote` is its back."""
    if reason := missing(request.param):
        pytest.skip(reason)  # a failure where labs are required, see support.required
    storage = make_sshd() if request.param == "sshfs" else None
    found = FuseLab(request.param, tmp_path, storage)
    found.place = laptop(wrapper=found.host)
    found.place.remote = found.back
    found.configure()
    yield found
    found.close()


def heard(lab):
    """The kind of the disk, whether a write at its back was heard, and one of the host's own."""
    return lab.inside(sys.executable, "-c", HEARD, str(lab.front), str(lab.back)).split()


def test_what_another_machine_writes_is_found_by_looking_again(lab):
    assert heard(lab) == ["FUSE", "False", "True"]
    place, log = lab.place, lab.back / "run1" / "metrics.csv"
    log.parent.mkdir()
    log.write_bytes(b"step,loss\n")
    place.start()
    assert reason_of(place, "rescanning") == "FUSE does not tell what other machines write"
    until(lambda: follow_of(place)["healthy"], 60, "followed")
    pulled = place.source()["last_pull"]["at"]
    waits = []
    for step in range(5):
        append(log, b"%d,0.5\n" % step)
        written = time.monotonic()
        equal(place, b"run1/metrics.csv", FOUND_WITHIN_S)
        waits.append(time.monotonic() - written)
    print("arrivals", [round(w, 2) for w in sorted(waits)])
    new = lab.back / "run2" / "deep" / "events.out.tfevents.1"
    new.parent.mkdir(parents=True)
    new.write_bytes(os.urandom(100_000))
    equal(place, b"run2/deep/events.out.tfevents.1", FOUND_WITHIN_S)
    assert place.source()["last_pull"]["at"] == pulled, "looks found it, no whole pull did"
    (lab.back / "run2" / "epoch_1.png").write_bytes(b"png" * 1000)
    equal(place, b"run2/epoch_1.png", FOUND_WITHIN_S)
    until(lambda: follow_of(place)["healthy"], 60, "still")


def test_what_another_machine_replaces_is_kept(lab):
    place, log = lab.place, lab.back / "train.log"
    log.write_bytes(b"first life\n" * 50)
    first = log.read_bytes()
    place.start()
    until(lambda: follow_of(place).get("healthy"), 60, "followed")
    equal(place, b"train.log")
    other = lab.back / "new"
    other.write_bytes(b"second life\n" * 100)
    other.replace(log)
    equal(place, b"train.log", FOUND_WITHIN_S)
    second = log.read_bytes()
    log.write_bytes(b"third\n")
    equal(place, b"train.log", FOUND_WITHIN_S)
    assert {first, second} <= place.everything_kept()
    log.unlink()
    until(lambda: content(place.mirror).keys() >= {b"train.log"}, 5, "what left the host stays")


def followed(lab):
    """The daemon runs, and looks find what comes."""
    (lab.back / "a.csv").write_bytes(b"1\n")
    lab.place.start()
    until(lambda: follow_of(lab.place).get("healthy"), 60, "followed")


@pytest.mark.parametrize("lab", ["bindfs"], indirect=True)
def test_a_disk_that_does_not_answer_gathers_no_agents(lab):
    followed(lab)
    (stuck,) = agents(lab.place)
    lab.signal(signal.SIGSTOP)
    try:
        assert reason_of(lab.place, within=60).startswith("the agent on the host does not answer")
        until(lambda: stuck not in agents(lab.place), 60, "it ended, stuck as it was")
    finally:
        lab.signal(signal.SIGCONT)
    append(lab.back / "a.csv", b"2\n")
    until(lambda: follow_of(lab.place).get("healthy"), 90, "followed again")
    equal(lab.place, b"a.csv", FOUND_WITHIN_S)


@pytest.mark.parametrize("lab", ["bindfs"], indirect=True)
def test_a_disk_that_went_away_is_followed_once_it_is_back(lab):
    followed(lab)
    lab.signal(signal.SIGKILL)
    until(lambda: follow_of(lab.place)["mode"] == "missing", 60, "its folder cannot be looked at")
    until(lambda: "not connected" in lab.place.source()["sentence"], 30, "a pull says why")
    assert content(lab.place.mirror) == {b"a.csv": b"1\n"}
    append(lab.back / "a.csv", b"2\n")
    lab.mount_anew()
    until(lambda: follow_of(lab.place).get("healthy"), 60, "followed again")
    equal(lab.place, b"a.csv", FOUND_WITHIN_S)
