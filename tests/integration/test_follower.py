"""Growth on a real host is here in no time, by an agent over the master; whatever forbids that, pulls go on."""

from __future__ import annotations

import os
import signal
import time
from datetime import datetime
from pathlib import Path

import pytest

from faults.guarantees.lookout import Lookout
from support.following import agents, append, equal, follow_of, pulls_on, reason_of
from support.place import content
from support.wait import throughout, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.fixture
def place(laptop):
    return laptop()


def start(place, **options):
    """Start with an interval so long that only the follower brings anything."""
    place.configure(interval="10m", **options)
    place.start()
    until(lambda: follow_of(place).get("healthy"), 30, "followed")


def pulls(place):
    return place.source()["last_pull"]["at"]


def test_growth_arrives_in_place_and_at_once(place):
    log = place.remote / "metrics.csv"
    log.write_bytes(b"step,loss\n")
    start(place)
    here = place.mirror / "metrics.csv"
    inode, before = here.stat().st_ino, pulls(place)
    waits = []
    for step in range(20):
        append(log, b"%d,0.5\n" % step)
        written = time.monotonic()
        until(lambda: here.read_bytes() == log.read_bytes(), 10)
        waits.append(time.monotonic() - written)
    print("arrivals", [round(w, 3) for w in sorted(waits)])
    assert sorted(waits)[10] < 1.0
    assert here.stat().st_ino == inode
    assert here.stat().st_mtime_ns == log.stat().st_mtime_ns
    assert here.stat().st_mode & 0o777 == 0o600
    follow = until(lambda: follow_of(place)["arrival"] and follow_of(place), 10)
    assert (follow["mode"], follow["watches"]) == ("following", 1)
    assert 0 < follow["arrival"]["p50"] <= follow["arrival"]["p95"] < 1.0
    assert pulls(place) == before, "no pull was needed"
    assert content(place.root / "versions") == {}


def test_an_idle_source_is_fresh_as_of_now_and_pulled_rarely(place):
    place.configure(interval="1s", more="reconcile: 20m\n")
    (place.remote / "a.csv").write_bytes(b"1")
    place.start()
    until(lambda: follow_of(place).get("healthy"), 30, "followed")
    source = place.source()
    pulled, as_of = source["last_pull"]["at"], source["as_of"]
    due = datetime.fromisoformat(source["next_pull_at"]) - datetime.fromisoformat(pulled)
    # How many pulls found nothing until now is a matter of timing: each doubles it, twice at most.
    spread = [abs(due.total_seconds() - 1200 * times) for times in (1, 2, 4)]
    assert min(spread) < 30, "the reconcile, not the interval"
    until(lambda: place.source()["as_of"] > as_of, 20, "its answers make it fresh")
    throughout(lambda: pulls(place) == pulled, 3, "the interval is a second, and nothing is pulled")
    assert "follow" in place.run("status", "gpu").stdout


def test_new_files_and_folders_of_every_kind(place):
    start(place)
    run = place.remote / "run1" / "samples"
    run.mkdir(parents=True)
    written = time.monotonic()
    (run / "epoch_1.png").write_bytes(b"png" * 1000)
    equal(place, b"run1/samples/epoch_1.png")
    print("an image took", round(time.monotonic() - written, 2))
    (place.remote / "run1" / "events.out.tfevents.1").write_bytes(b"event" * 100)
    equal(place, b"run1/events.out.tfevents.1")
    big = b"line\n" * 2_000_000  # more than is sent in chunks
    (place.remote / "run1" / "big.log").write_bytes(big)
    equal(place, b"run1/big.log")
    name = os.fsencode(place.remote) + b"/odd \xff\n'name.csv"
    with open(name, "wb") as file:
        file.write(b"odd")
    until(lambda: content(place.mirror).get(b"odd \xff\n'name.csv") == b"odd", 15)
    (place.remote / "run1").rename(place.remote / "run2")
    equal(place, b"run2/samples/epoch_1.png")
    equal(place, b"run2/big.log")
    assert content(place.mirror)[b"run1/samples/epoch_1.png"], "what left the host stays"
    until(lambda: place.source()["status"] == "fresh", 10)


def test_what_is_rotated_replaced_shrunk_or_rewritten_ends_in_versions(place):
    log = place.remote / "train.log"
    log.write_bytes(b"first life\n" * 50)
    start(place)
    lives = [log.read_bytes()]

    def kept(what):
        equal(place, b"train.log")
        assert all(any(old.startswith(life) for old in place.everything_kept()) for life in lives), what
        lives.append(log.read_bytes())
        append(log, b"grows on\n")
        equal(place, b"train.log")
        lives[-1] = log.read_bytes()

    other = place.remote / "tmp"
    other.write_bytes(b"second life\n" * 100)
    other.replace(log)
    kept("replaced by rename")
    log.write_bytes(b"third\n")
    kept("truncated and written anew, shorter")
    log.write_bytes(b"fourth life, longer than all before\n" * 200)
    kept("truncated and written anew, longer")
    status = log.stat()
    with log.open("r+b") as file:
        file.write(b"FIFTH")
    os.utime(log, ns=(status.st_atime_ns, status.st_mtime_ns))
    kept("overwritten in place, with its old time")


def test_temporary_names_and_what_is_deleted(place):
    for number in range(5):
        (place.remote / f"old{number}.png").write_bytes(b"old")
    place.configure(interval="2s", more="reconcile: 20m\n")
    place.start()
    until(lambda: follow_of(place).get("healthy"), 30, "followed")
    for number in range(10):
        temporary = place.remote / f"model.tmp{number}"
        temporary.write_bytes(b"weights" * 1000)
        temporary.rename(place.remote / f"model{number}.bin")
    equal(place, b"model9.bin")
    until(lambda: follow_of(place)["healthy"], 20, "names that went are nothing missed")
    for number in range(5):
        (place.remote / f"old{number}.png").unlink()
    until(lambda: place.source()["gone"] == 5, 15, "long before the reconcile")
    assert content(place.mirror)[b"old1.png"] == b"old"


def test_a_beginning_that_changes_far_behind_the_growth_is_found(place):
    log = place.remote / "table.csv"
    log.write_bytes(b"0" * 300_000)
    start(place)
    with log.open("r+b") as file:
        file.write(b"1")
        file.seek(0, os.SEEK_END)
        file.write(b"growth")
    equal(place, b"table.csv")
    assert b"0" * 300_000 in {old[:300_000] for old in place.everything_kept()}


def test_pulls_in_a_loop_beside_a_fast_writer(place):
    log = place.remote / "events.out.tfevents.1"
    log.write_bytes(b"")
    start(place)
    here = place.mirror / log.name
    deadline, wrote, size = time.monotonic() + 8, 0, 0
    with log.open("ab", buffering=0) as file:
        while time.monotonic() < deadline:
            for _ in range(20):
                file.write(b"%06d\n" % wrote)
                wrote += 1
            place.run("pull", "gpu", timeout=60)
            found = here.read_bytes()
            assert len(found) >= size, "it never shrinks"
            size = len(found)
            assert log.read_bytes().startswith(found), "always a beginning"
    equal(place, b"events.out.tfevents.1")
    assert content(place.root / "versions") == {}


def test_metrics_flow_while_a_big_file_comes(place):
    (place.remote / "metrics.csv").write_bytes(b"0\n")
    start(place, sources=f"[{{path: {place.remote}, name: remote, bwlimit: 2MB}}]")
    (place.remote / "archive.bin").write_bytes(os.urandom(30_000_000))
    until(lambda: place.source()["status"] == "pulling" or place.source()["last_pull"]["files"], 20)
    for step in range(5):
        append(place.remote / "metrics.csv", b"%d\n" % step)
        equal(place, b"metrics.csv", 3)
    assert b"archive.bin" not in content(place.mirror)


# --- the agent dies, or cannot live ---------------------------------------------------------------------------


def test_a_killed_agent_is_started_again_and_nothing_is_missed(place):
    log = place.remote / "a.csv"
    log.write_bytes(b"1\n")
    start(place)
    (old,) = agents(place)
    os.kill(old, signal.SIGSTOP)
    append(log, b"2\n")
    (place.remote / "unseen.png").write_bytes(b"png")
    os.kill(old, signal.SIGKILL)
    equal(place, b"a.csv")
    equal(place, b"unseen.png")
    until(lambda: agents(place) not in ([], [old]) and follow_of(place).get("healthy"), 20, "another one")
    append(log, b"3\n")
    equal(place, b"a.csv")


def test_an_event_file_that_is_rewritten_and_grows_at_once_is_never_of_two_states(place):
    log = place.remote / "run1" / "events.out.tfevents.1"
    log.parent.mkdir()
    old, more = os.urandom(300_000), os.urandom(70_000)
    log.write_bytes(old)
    start(place)
    here = place.mirror / "run1" / log.name
    append(log, b"a point")  # so that the agent knows the file
    equal(place, b"run1/events.out.tfevents.1")
    old += b"a point"
    new = bytes([old[10] ^ 1]) + old[1:] + more  # differs far before the last 64 kB
    lookout = Lookout(place.mirror)
    try:
        (agent,) = agents(place)
        os.kill(agent, signal.SIGSTOP)
        log.write_bytes(new[: len(old)])
        append(log, more)
        os.kill(agent, signal.SIGCONT)
        until(lambda: here.read_bytes() == new, 20, "the new one is here")
    finally:
        lookout.close()
    looks = lookout.seen()[b"run1/events.out.tfevents.1"]
    assert [len(look) for look in looks if not (old.startswith(look) or new.startswith(look))] == []
    assert old in content(place.root / "versions").values()


def test_nothing_is_left_on_the_host(place):
    start(place)
    before = set(Path(place.base / "home").rglob("*"))
    assert len(agents(place)) == 1
    assert place.stop() == 0
    until(lambda: agents(place) == [], 10, "it ended")
    assert set(Path(place.base / "home").rglob("*")) == before
    start(place)
    place.kill()
    until(lambda: agents(place) == [], 20, "it ended with its connection")


# A start file that talks before every command: rsync cannot stand it, the agent can.
NOISY = (
    'case "$SSH_ORIGINAL_COMMAND" in internal-sftp) exec /usr/lib/openssh/sftp-server;; esac; '
    'echo "Welcome to gpu1"; echo "quota: 97 %"; eval "$SSH_ORIGINAL_COMMAND"'
)


def test_a_noisy_shell_does_not_disturb_the_agent(laptop):
    # rsync refuses such a host, so files come by sftp, whose subsystem is not so noisy.
    place = laptop(force_command=NOISY)
    (place.remote / "a.csv").write_bytes(b"1\n")
    place.configure(interval="10m", sources=f"[{{path: {place.remote}, name: remote}}]\n    transport: sftp")
    place.start()
    until(lambda: follow_of(place).get("healthy"), 30, "followed")
    append(place.remote / "a.csv", b"2\n")
    equal(place, b"a.csv")
    (place.remote / "i.png").write_bytes(b"png")
    equal(place, b"i.png", 30)


def test_it_is_turned_off_and_on_by_saving_the_config(place):
    (place.remote / "a.csv").write_bytes(b"1\n")
    start(place)
    place.configure(interval="1s", follow=False)
    until(lambda: "follow: false" in reason_of(place), 10, "the saved file is in force")
    until(lambda: agents(place) == [], 10)
    pulls_on(place)
    place.configure(interval="10m")
    until(lambda: follow_of(place).get("healthy"), 30, "followed again")


def test_a_source_that_is_not_there_is_told_and_followed_once_it_comes(place):
    (place.remote / "a.csv").write_bytes(b"1\n")
    start(place)
    away = place.remote.with_name("away")
    place.remote.rename(away)
    until(lambda: follow_of(place)["mode"] == "missing" and place.source()["status"] == "suspect", 20)
    assert content(place.mirror) == {b"a.csv": b"1\n"}
    append(away / "a.csv", b"2\n")
    away.rename(place.remote)
    until(lambda: follow_of(place).get("healthy"), 20)
    equal(place, b"a.csv")
