"""kill -9 of agent, our end, daemon and master at random moments of a followed training: equal afterwards, nothing left."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from contextlib import suppress

import pytest

from support.place import Place, alive, children_of, content
from support.processes import command_line
from support.wait import until

ROUNDS = int(os.environ.get("EXPSYNCD_FOLLOWED_KILLS", "4"))
VICTIMS = ("agent", "our-end", "daemon", "master")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60 + 40 * ROUNDS)]


@pytest.fixture
def place(make_sshd, tmp_path):
    (tmp_path / "home").mkdir()
    sshd = make_sshd(home=tmp_path / "home")
    place = Place(sshd.options, sshd.alias)
    place.sshd = sshd
    place.configure(interval="1s")
    yield place
    place.close()


class Training:
    """Three runs that log at all times, an image now and then."""

    def __init__(self, folder, seed):
        self._folder, self._chance = folder, random.Random(seed)
        self._steps = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="training", daemon=True)
        self._step()
        self._thread.start()

    def _step(self):
        self._steps += 1
        run = self._folder / f"run{self._chance.randrange(3)}"
        run.mkdir(exist_ok=True)
        for name, size in (("events.out.tfevents.1", 500), ("train.log", 90)):
            with (run / name).open("ab") as file:
                file.write(self._chance.randbytes(size))
        if self._chance.random() < 0.1:
            (run / f"epoch{self._steps}.png").write_bytes(self._chance.randbytes(20_000))

    def _run(self):
        while not self._end.wait(self._chance.choice((0.001, 0.02, 0.2))):
            self._step()

    def close(self):
        self._end.set()
        self._thread.join()


def agents(place):
    return [p for p in place.sshd.sessions() if "python" in os.path.basename(command_line(p).split(" ")[0])]


def victims(place, kind):
    ours = children_of(place.daemon.pid)
    match kind:
        case "agent":
            return agents(place)
        case "master":
            return [pid for pid in ours if " -M " in command_line(pid)]
        case _:
            # The ssh that carries the follower's conversation: neither the master nor below an rsync.
            return [pid for pid in ours if "python3" in command_line(pid) and " -M " not in command_line(pid)]


def test_killed_at_random_moments(place, tmp_path):
    seed = int(os.environ.get("EXPSYNCD_SEED", str(random.randrange(1 << 32))))
    print("seed", seed)
    chance = random.Random(seed)
    training = Training(place.remote, seed)
    fired = dict.fromkeys(VICTIMS, 0)
    try:
        place.start()
        place.until_fresh()
        for number in range(ROUNDS):
            kind = VICTIMS[number % len(VICTIMS)]
            until(lambda: place.source().get("follow", {}).get("healthy"), 40, "followed")
            moment = time.monotonic() + chance.uniform(0.0, 0.7)
            until(lambda moment=moment: time.monotonic() >= moment, 3, "the chosen moment")
            place.note_descendants()
            if kind == "daemon":
                place.kill()
                fired[kind] += 1
                until(lambda: not [p for p in place.descendants if alive(p)], 15, "no process is left")
                place.start()
                continue
            for pid in victims(place, kind):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                    fired[kind] += 1
        training.close()
        place.until_equal(40)
        assert content(place.mirror) == content(place.remote)
        assert content(place.root / "versions") == {}, "what only grew left old bytes"
        before = content(place.remote)
        assert place.stop() == 0
    finally:
        training.close()
    print("fired", fired)
    assert min(fired.values()) >= ROUNDS // len(VICTIMS)
    until(lambda: place.sshd.sessions() == [], 15, "nothing of ours runs on the host")
    assert content(place.remote) == before
    assert list((tmp_path / "home").iterdir()) == []
    assert os.listdir(place.root / ".incoming") == []
