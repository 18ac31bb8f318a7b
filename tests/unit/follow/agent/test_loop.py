"""The agent's loop, step by step in one process."""

from __future__ import annotations

import os
import signal
import time

import pytest

from expsyncd.follow.agent.inotify import READ, Inotify
from expsyncd.follow.agent.loop import MISSING_EVERY_S, MOST_CHANGES, Agent
from expsyncd.follow.frames import Frames, Pong, PullAll

SKIP = [False, "skip.*", False, 1, False, False]


class World:
    """An agent, and what it says."""

    def __init__(self, notify):
        self.pipes = [*os.pipe(), *os.pipe()]
        self.agent = Agent(self.pipes[0], self.pipes[3], notify, "" if notify else "no inotify here")
        self.frames = Frames()
        self.frames.begun = True

    def follow(self, number, folder):
        words = {"s": number, "path": str(folder), "rules": [SKIP], "mark": "tfevents", "suffixes": [".csv"]}
        self.agent._add({**words, "every": 60.0, "rate": 0})
        self.agent._work()

    def told(self):
        self.agent._out.flush()
        return self.frames.feed(os.read(self.pipes[2], 1 << 20))

    def mode(self, number):
        return self.agent._trees[number].mode


@pytest.fixture
def worlds(monkeypatch):
    monkeypatch.setattr(signal, "alarm", lambda _: 0)
    made = []

    def make(notify=None):
        made.append(World(notify))
        return made[-1]

    yield make
    for world in made:
        for fd in world.pipes:
            os.close(fd)


def test_each_of_two_missing_sources_is_looked_for(worlds, tmp_path, monkeypatch):
    world, moment = worlds(), [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: moment[0])
    world.follow(1, tmp_path / "never")
    world.follow(2, tmp_path / "late")
    (tmp_path / "late").mkdir()
    for _ in range(3):
        moment[0] += MISSING_EVERY_S
        world.agent._work()
    assert (world.mode(1), world.mode(2)) == ("missing", "rescanning")


def test_it_is_not_quiet_while_events_are_not_read(worlds, tmp_path):
    notify = Inotify()
    world = worlds(notify)
    try:
        world.follow(1, tmp_path)
        for number in range(READ // 32):  # an event has 32 bytes or more, and each file makes two
            (tmp_path / f"skip{number}").touch()
        (tmp_path / "m.csv").write_bytes(b"1")
        world.told()
        world.agent._pong({"n": 1, "within": 30.0})
        assert [m.quiet for m in world.told() if isinstance(m, Pong)] == [False]
    finally:
        os.close(notify.fd)


def test_of_however_many_changes_in_one_step_only_so_many_are_remembered(worlds, tmp_path):
    world = worlds()
    world.follow(1, tmp_path)
    world.told()
    for number in range(2 * MOST_CHANGES):
        world.agent._changed(world.agent._trees[1], b"%d.png" % number, closed=True)
    assert len(world.agent._changes) <= MOST_CHANGES
    assert [type(m) for m in world.told()] == [PullAll]
