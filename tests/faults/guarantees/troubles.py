"""Faults that strike while the host's files change, and what ends each. `begin` may be called again before `heal`."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from support.processes import command_line
from support.wait import until

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterable

    from faults.guarantees.scene import Scene

    Victims = Callable[[Scene], list[int]]

AN_HOUR_S = 3600
THERE_WITHIN_S = 2.0


class Trouble:
    """`begin` says whether it struck anything; `heal` ends what is still going on."""

    def __init__(self, scene: Scene, chance: random.Random) -> None:
        self.scene = scene
        self.chance = chance

    def begin(self) -> bool:
        raise NotImplementedError

    def heal(self) -> None:
        """Nothing goes on after the stroke."""


def signalled(pids: Iterable[int], number: int) -> bool:
    """Signal processes that we found by their parents; whether one was there."""
    struck = False
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)
            struck = True
    return struck


# Who can be struck: by their words, among the daemon's children or those of the host's sshd.
def masters(scene: Scene) -> list[int]:
    return [pid for pid in scene.ours() if " -M " in command_line(pid)]


def rsyncs(scene: Scene) -> list[int]:
    found = [
        pid for pid in (*scene.ours(), *scene.theirs()) if command_line(pid).split(" ")[0].endswith("rsync")
    ]
    return sorted(found)


def agents(scene: Scene) -> list[int]:
    """Pythons on the host: there is no other than the follower's agent."""
    words = [(pid, command_line(pid).split(" ")[0]) for pid in scene.theirs()]
    return [pid for pid, word in words if "python" in os.path.basename(word)]


def daemons(scene: Scene) -> list[int]:
    return [scene.place.daemon.pid] if scene.place.daemon is not None else []


class Killed(Trouble):
    """kill -9 of one of those that `victims` finds."""

    def __init__(self, victims: Victims, scene: Scene, chance: random.Random) -> None:
        super().__init__(scene, chance)
        self._victims = victims

    def begin(self) -> bool:
        return signalled(self.one(), signal.SIGKILL)

    def one(self) -> list[int]:
        """One of them, if there is any; for an rsync a pull is wished."""
        if self._victims is rsyncs:
            self.scene.wish_pull(lambda: bool(rsyncs(self.scene)))
        with suppress(AssertionError):  # a connection that was struck before may be on its way back
            until(lambda: self._victims(self.scene), THERE_WITHIN_S)
        found = self._victims(self.scene)
        return [self.chance.choice(found)] if found else []


class KilledDaemon(Trouble):
    """kill -9; started again by whoever looks after it."""

    def begin(self) -> bool:
        if self.scene.place.daemon is None:
            return False
        self.scene.place.kill()
        return True

    def heal(self) -> None:
        if self.scene.place.daemon is None:
            self.scene.start()


class Stopped(Killed):
    """SIGSTOP of one of them, SIGCONT at the end."""

    def __init__(self, victims: Victims, scene: Scene, chance: random.Random) -> None:
        super().__init__(victims, scene, chance)
        self._stopped: list[int] = []

    def begin(self) -> bool:
        self._stopped += self.one()
        return signalled(self._stopped[-1:], signal.SIGSTOP)

    def heal(self) -> None:
        signalled(self._stopped, signal.SIGCONT)
        self._stopped.clear()


class Reset(Trouble):
    """The network resets every connection."""

    def begin(self) -> bool:
        self.scene.relay.reset()
        return True


class Refused(Trouble):
    """The network resets every connection and lets no new one through until it is mended."""

    def begin(self) -> bool:
        self.scene.relay.reset(every_new_one=True)
        return True

    def heal(self) -> None:
        self.scene.relay.flow()


class Held(Trouble):
    """The network passes nothing on; what was sent arrives when it is mended."""

    def begin(self) -> bool:
        self.scene.relay.hold()
        return True

    def heal(self) -> None:
        self.scene.relay.flow()


class Forgotten(Trouble):
    """A router forgets the connections: they pass nothing ever again, and do not end."""

    def begin(self) -> bool:
        self.scene.relay.forget()
        return True


class DiskFull(Trouble):
    """The root's disk fills up to the last byte."""

    def begin(self) -> bool:
        if self.scene.disk is None:
            return False
        with suppress(OSError), open(self.scene.disk / "hog", "ab", buffering=0) as hog:
            while hog.write(bytes(1 << 20)):
                pass
        return True

    def heal(self) -> None:
        if self.scene.disk is not None:
            (self.scene.disk / "hog").unlink(missing_ok=True)


class ClockStep(Trouble):
    """The laptop's clock steps an hour, and stays there."""

    def begin(self) -> bool:
        return self.scene.step_clock(self.chance.choice((-AN_HOUR_S, AN_HOUR_S)))


TROUBLES: dict[str, Callable[[Scene, random.Random], Trouble]] = {
    "kill-agent": partial(Killed, agents),
    "kill-rsync": partial(Killed, rsyncs),
    "kill-master": partial(Killed, masters),
    "kill-daemon": KilledDaemon,
    "stop-agent": partial(Stopped, agents),
    "stop-rsync": partial(Stopped, rsyncs),
    "stop-master": partial(Stopped, masters),
    "stop-daemon": partial(Stopped, daemons),
    "network-reset": Reset,
    "network-refuses": Refused,
    "network-holds": Held,
    "network-forgets": Forgotten,
    "disk-full": DiskFull,
    "clock-step": ClockStep,
}
# Those whose end nobody has to wait for long: a broken connection that is noticed at once.
QUICK = (
    "kill-agent", "kill-rsync", "kill-master", "kill-daemon", "stop-agent", "stop-rsync", "stop-daemon",
    "network-reset", "disk-full", "clock-step",
)  # fmt: skip
