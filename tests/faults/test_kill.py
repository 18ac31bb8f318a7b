"""kill -9 of daemon, carrier and master at random moments of a pull: one more makes everything equal."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from support.place import Place, alive, children_of, content
from support.pulls import HOSTS
from support.wait import until

ROUNDS = int(os.environ.get("EXPSYNCD_KILL_ROUNDS", "6"))
pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 40 * ROUNDS)]


@pytest.fixture(params=["rsync", "sftp"])
def place(request, make_sshd):
    sshd = make_sshd(**HOSTS[request.param])
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s", sources=f"[{{path: {place.remote}, name: remote, bwlimit: 20MB}}]")
    yield place
    place.close()


def write_mixed(folder: Path, chance: random.Random, number: int) -> None:
    """Files of every kind: new, grown, replaced."""
    (folder / "run").mkdir(exist_ok=True)
    with (folder / "run/events.out.tfevents.1").open("ab") as file:
        file.write(chance.randbytes(300_000))
    with (folder / "train.log").open("ab") as file:
        file.write(chance.randbytes(200_000))
    (folder / f"image_{number}.png").write_bytes(chance.randbytes(100_000))
    (folder / "latest.bin").write_bytes(chance.randbytes(9_000_000))
    (folder / "metrics.csv").write_bytes(chance.randbytes(chance.randrange(1000, 400_000)))


def victims(place: Place, kind: str) -> list[int]:
    found = []
    for pid in children_of(place.daemon.pid):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            rides = words[0].endswith(b"rsync") or (words[0].endswith(b"ssh") and b"-s" in words)
            if kind == "carrier" and rides:
                found.append(pid)
            if kind == "master" and b"-M" in words and words[0].endswith(b"ssh"):
                found.append(pid)
    return found


def test_killed_at_random_moments(place):
    seed = int(os.environ.get("EXPSYNCD_SEED", str(random.randrange(1 << 32))))
    print("seed", seed)
    chance = random.Random(seed)
    write_mixed(place.remote, chance, 0)
    fired = {"daemon": 0, "carrier": 0, "master": 0}
    place.start()
    place.until_fresh()
    history: set[bytes] = set(content(place.mirror).values())
    for number in range(1, ROUNDS + 1):
        write_mixed(place.remote, chance, number)
        kind = ("daemon", "carrier", "master")[number % 3]
        place.run("pull", check=False) if number % 4 == 0 else None
        moment = time.monotonic() + chance.uniform(0.0, 1.5)
        until(lambda moment=moment: time.monotonic() >= moment, 3, "the chosen moment")
        place.note_descendants()
        if kind == "daemon":
            place.kill()
            until(lambda: not [p for p in place.descendants if alive(p)], 15, "no process is left")
            fired[kind] += 1
            place.start()
        else:
            for pid in victims(place, kind):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    fired[kind] += 1
        place.until_equal(40)
        place.until_fresh(40)
        history |= set(content(place.mirror).values())
        until(lambda: list((place.root / ".incoming").iterdir()) == [], 10, ".incoming is empty")
    assert place.stop() == 0
    print("fired", fired)
    assert fired["daemon"] >= ROUNDS // 3
    assert fired["master"] >= 1
    grown = content(place.mirror)[b"run/events.out.tfevents.1"]
    assert len(grown) == 300_000 * (ROUNDS + 1)
