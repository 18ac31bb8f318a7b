"""Eight hours of sleep and clocks that step by an hour: pulls at once, none of those that were missed."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from expsyncd.paths import Paths
from faults.connections.scene import Scene
from support.place import children_of
from support.wait import until

SHIM = Path(__file__).with_name("suspend_shim.c")
# Five seconds is what is promised; make test has every core busy with other tests.
PULLS_WITHIN_S = float(os.environ.get("EXPSYNCD_WAKE_S", "11"))
INTERVAL_S = 5
HOUR_S = 3600
# Looked at for this long after the wake: the wake's own pull, those of the interval, the one of a new connection.
LOOK_S = 12.0
MOST_PULLS = LOOK_S / INTERVAL_S + 3

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def shim(tmp_path_factory):
    """The preloaded library."""
    if shutil.which("gcc") is None:
        pytest.skip("needs gcc")  # a failure where labs are required, see support.required
    built = tmp_path_factory.mktemp("shim") / "suspend_shim.so"
    argv = ["gcc", "-shared", "-fPIC", "-O2", "-Wall", "-Werror", "-o", str(built), str(SHIM), "-ldl"]
    subprocess.run(argv, check=True)
    return built


class Laptop:
    """A scene whose daemon and everything below it live by clocks of the test's."""

    def __init__(self, scene, shim):
        self.scene = scene
        # In a folder of its own: it is opened for every look at a clock, and the daemon watches the config's.
        self._jump = scene.place.base / "clocks" / "jump"
        self._jump.parent.mkdir()
        self._asleep = []
        scene.place.environment |= {"LD_PRELOAD": str(shim), "SUSPEND_FILE": str(self._jump)}

    def step(self, wall_s, *, slept_s=0):
        fresh = self._jump.with_suffix(".new")
        fresh.write_text(f"{wall_s} {slept_s}\n")
        fresh.rename(self._jump)

    def close_lid(self):
        daemon = self.scene.place.daemon.pid
        # From the top down, so that nobody sees the others stand still.
        self._asleep = [daemon, *sorted(children_of(daemon))]
        self.scene.stop_processes(signal.SIGSTOP, *self._asleep)

    def open_lid(self):
        self.scene.stop_processes(signal.SIGCONT, *reversed(self._asleep))

    def pulls(self):
        """How many pulls the facts know."""
        facts = Paths.of(self.scene.place.environment).facts_db
        with closing(sqlite3.connect(f"file:{facts}?mode=ro", uri=True)) as database:
            return int(database.execute("SELECT count(*) FROM pulls").fetchone()[0])


@pytest.fixture
def laptop(leak_guard, make_sshd, no_agent, shim, tmp_path):
    home = tmp_path / "home"  # what this login's start files take is not what is looked at
    home.mkdir()
    scene = Scene.of(make_sshd, interval=f"{INTERVAL_S}s", lines=(f"SetEnv HOME={home}",))
    yield Laptop(scene, shim)
    scene.close()


def pulls_at_once(laptop, what):
    """What was written is here in time, and then only the interval's pulls follow."""
    began, pulls = time.monotonic(), laptop.pulls()
    try:
        until(lambda: laptop.scene.missing() == [], PULLS_WITHIN_S, "pulled")
    except AssertionError as error:
        raise AssertionError(f"{error}; log {laptop.scene.place.log()[-2000:]}") from None
    print(f"{what}: pulled after {time.monotonic() - began:.1f} s", end="")
    until(lambda: time.monotonic() - began > LOOK_S, LOOK_S + 5)
    made = laptop.pulls() - pulls
    print(f", {made} pulls in {LOOK_S:.0f} s at an interval of {INTERVAL_S} s")
    assert 2 <= made <= MOST_PULLS
    laptop.scene.until_fresh(10)
    assert "the clock jumped" in laptop.scene.place.log()


ALIVE = pytest.param(True, id="connections-live", marks=pytest.mark.faults)
DEAD = pytest.param(False, id="connections-dead")


@pytest.mark.parametrize("alive", [ALIVE, DEAD])
def test_eight_hours_of_sleep(laptop, alive):
    laptop.scene.start()
    laptop.close_lid()
    laptop.scene.write()
    if not alive:  # as behind a router that forgot them
        laptop.scene.relay.forget()
    laptop.step(8 * HOUR_S, slept_s=8 * HOUR_S)
    laptop.open_lid()
    pulls_at_once(laptop, f"8 h of sleep, connection {'alive' if alive else 'dead'}")
    assert len(laptop.scene.attempts()) == (1 if alive else 2)
    laptop.scene.end()


@pytest.mark.faults
@pytest.mark.parametrize("step_s", [-HOUR_S, HOUR_S], ids=["an-hour-back", "an-hour-on"])
def test_a_clock_that_steps(laptop, step_s):
    laptop.scene.start()
    laptop.scene.write()
    laptop.step(step_s)
    pulls_at_once(laptop, f"clock {step_s / HOUR_S:+.0f} h")
    assert len(laptop.scene.attempts()) == 1
    laptop.scene.end()
