"""A hypothesis state machine: deeds on the host and faults in any order, then quiet, then every promise is checked.

What is drawn leans to what came least, so that a short run has all of it, too. Examples are not made smaller
after a failure: they take their time and depend on it. The seed and the steps are printed instead.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, Phase, Verbosity, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from faults.guarantees.deeds import DEEDS
from faults.guarantees.scene import Scene
from faults.guarantees.troubles import TROUBLES, KilledDaemon, Trouble, agents
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SEEDS = st.integers(0, 2**32 - 1)
DEEDS_AT_ONCE = 8
TROUBLES_TRIED = 2
FOLLOWED_WITHIN_S = 90.0
DEEDS_TRIED = 4
FEWEST_FILES = 8
# The first is what hypothesis draws when it draws the simplest.
KINDS = ("deeds", "deeds", "deeds", "deeds-and-trouble", "deeds-and-trouble", "trouble", "heal", "rest")


class Storm:
    """One run of many examples; `counts` says what fired, and `failure` is the first thing that went wrong."""

    def __init__(
        self,
        folder: Path,
        *,
        follow: bool | None,
        troubles: Sequence[str],
        shim: Path | None = None,
        one_scene: bool = False,
    ) -> None:
        """`follow` None: every other example. `one_scene`: all examples happen to one daemon and host."""
        self.folder = folder
        self.one_scene = one_scene
        self.scene: Scene | None = None
        self.follow = follow
        self.troubles = [name for name in troubles if self._can_be(name, shim)]
        self._shim = shim
        self.deeds: Counter[str] = Counter(dict.fromkeys(DEEDS, 0))
        self.struck: Counter[str] = Counter(dict.fromkeys(self.troubles, 0))
        self.rests_s: list[float] = []
        self.failure: BaseException | None = None
        self.examples = 0
        self.steps = 0
        self.looks = 0

    def _can_be(self, name: str, shim: Path | None) -> bool:
        if name == "clock-step":
            return shim is not None
        if name == "disk-full":
            return os.getuid() == 0
        return "agent" not in name or self.follow is not False

    def run(self, examples: int, steps: int) -> None:
        """Run it; raises what the first failing example raised."""
        number = int(os.environ.get("EXPSYNCD_SEED", str(random.randrange(1 << 32))))
        began = time.monotonic()
        print(f"\nseed {number} (EXPSYNCD_SEED), {examples} x {steps}, follow {self.follow}", flush=True)
        storm = self

        class Example(Machine):
            def __init__(self) -> None:
                super().__init__(storm)

        try:
            run_state_machine_as_test(
                seed(number)(Example),
                settings=settings(
                    max_examples=examples,
                    stateful_step_count=steps,
                    deadline=None,
                    database=None,
                    phases=[Phase.generate],
                    suppress_health_check=list(HealthCheck),
                    verbosity=Verbosity.quiet,
                    print_blob=False,
                ),
            )
            if self.scene is not None:
                self.scene.finish()
        except Exception as error:  # noqa: BLE001  told as what it is
            # Hypothesis may say that the example behaved otherwise when it ran it again.
            raise self.failure or error from None
        finally:
            self._tell(time.monotonic() - began)
            if self.scene is not None:
                self.scene.close()

    def took(self, scene: Scene) -> None:
        """Count what an example saw."""
        self.looks += scene.lookout.looks
        self.rests_s += scene.rests_s
        scene.lookout.looks, scene.rests_s = 0, []

    def next_scene(self) -> Scene:
        """The scene of the next example."""
        self.examples += 1
        follow = self.examples % 2 == 1 if self.follow is None else self.follow
        if self.scene is not None:
            self.scene.follow(follow)
            return self.scene
        folder = self.folder / f"example{self.examples}"
        scene = Scene(folder, random.Random(self.examples), follow=follow, shim=self._shim)
        if self.one_scene:
            self.scene = scene
        return scene

    def _tell(self, took_s: float) -> None:
        rests = sorted(self.rests_s) or [0.0]
        print(
            f"{self.examples} examples, {self.steps} steps in {took_s:.0f} s, {self.looks} looks at the mirror"
        )
        print("deeds: ", ", ".join(f"{name} {count}" for name, count in self.deeds.items()))
        print("faults:", ", ".join(f"{name} {count}" for name, count in self.struck.items()))
        print(
            f"{len(rests)} rests: everything here after {rests[len(rests) // 2]:.2f} s (median), "
            f"{rests[int(len(rests) * 0.95)]:.2f} s (p95), {rests[-1]:.2f} s (longest)",
            flush=True,
        )

    def least(self, counts: Counter[str], chance: random.Random) -> str:
        """One of those that fired least."""
        names = sorted(counts, key=lambda name: (counts[name], name))
        return chance.choice(names[: max(3, len(names) // 2)])


class Machine(RuleBasedStateMachine):
    """One example: a daemon, a host, and what happens to them."""

    def __init__(self, storm: Storm) -> None:
        super().__init__()
        self.storm = storm
        if storm.failure is not None:
            raise storm.failure  # hypothesis runs a failing example again; once has been enough
        self.steps: list[str] = []
        self.under_way: list[Trouble] = []
        self.scene = storm.next_scene()
        self.chance = self.scene.hand.chance
        self._guarded(self._begin)

    def _begin(self) -> None:
        if self.scene.place.daemon is not None:
            if self.scene.followed:  # the saved file is being applied, and logins are six a minute at most
                until(lambda: agents(self.scene), FOLLOWED_WITHIN_S, "followed")
            return
        for name in (*["create"] * FEWEST_FILES, "append"):
            self._deed(name)
        self.scene.start()
        self.scene.rest()

    @rule(kind=st.sampled_from(KINDS), number=SEEDS)
    def step(self, kind: str, number: int) -> None:
        """What happens next; hypothesis likes to draw the same again, and no two steps are to be the same."""
        self.storm.steps += 1
        self.chance.seed(f"{number} {self.storm.examples} {len(self.steps)}")
        match kind:
            case "deeds":
                self._deeds(self.chance.randint(1, DEEDS_AT_ONCE))
            case "deeds-and-trouble":
                self._deeds(2)
                self._pause(1.2)
                self._guarded(self._some_trouble)
            case "trouble":
                self._guarded(self._some_trouble)
            case "heal":
                self._pause(1.5)
                self._guarded(self._heal)
            case _:
                self._guarded(self._heal)
                self._guarded(self.scene.rest)

    def teardown(self) -> None:
        """The end of an example: quiet, every promise, nothing left."""
        try:
            if self.storm.failure is None:
                self._guarded(self._heal)
                self._guarded(self.scene.check if self.storm.one_scene else self.scene.finish)
        finally:
            self.storm.took(self.scene)
            self._heal_quietly()
            if not self.storm.one_scene:
                self.scene.close()

    def _pause(self, at_most_s: float) -> None:
        moment = time.monotonic() + self.chance.uniform(0, at_most_s)
        until(lambda: time.monotonic() >= moment, at_most_s + 5)

    def _deeds(self, count: int) -> None:
        for _ in range(count):
            self._guarded(self._some_deed)

    def _some_deed(self) -> None:
        # Much of what is done takes files away: there are to be some for the next deed.
        if len(self.scene.ledger.now) < FEWEST_FILES:
            self._deed("create")
        # A deed may find nothing to be done to: then another.
        for _ in range(DEEDS_TRIED):
            if self._deed(self.storm.least(self.storm.deeds, self.chance)):
                return

    def _deed(self, name: str) -> bool:
        if not self.scene.hand.do(name):
            return False
        self.steps.append(name)
        self.storm.deeds[name] += 1
        return True

    def _some_trouble(self) -> None:
        # A trouble may find nobody to strike: then another.
        for _ in range(TROUBLES_TRIED):
            if self._trouble(self._drawn()):
                return

    def _drawn(self) -> str:
        """One that struck least; where there is an agent, every other time one of its own, if that is behind."""
        struck = self.storm.struck
        of_agents = [name for name in ("stop-agent", "kill-agent") if name in struck]
        others = Counter({name: count for name, count in struck.items() if name not in of_agents})
        if not self.scene.followed:
            return self.storm.least(others, self.chance)
        # Stopped before killed: one that is killed again and again stays away for long.
        behind = [name for name in of_agents if struck[name] <= min(others.values())]
        return behind[0] if behind and self.chance.random() < 0.5 else self.storm.least(struck, self.chance)

    def _trouble(self, name: str) -> bool:
        trouble = TROUBLES[name](self.scene, self.chance)
        if not trouble.begin():
            return False
        self.steps.append(name.upper())
        self.storm.struck[name] += 1
        self.under_way.append(trouble)
        return True

    def _heal(self) -> None:
        # A daemon that is down comes last: on a disk with room again, and no stopped child of the one before.
        self.under_way.sort(key=lambda trouble: not isinstance(trouble, KilledDaemon))
        while self.under_way:
            self.under_way[-1].heal()
            self.under_way.pop()
        self.steps.append("heal")

    def _heal_quietly(self) -> None:
        for trouble in reversed(self.under_way):
            if not isinstance(trouble, KilledDaemon):
                trouble.heal()

    def _guarded(self, what: Any, *words: Any) -> None:
        try:
            what(*words)
        except Exception as error:
            self.storm.failure = error
            print(f"example {self.storm.examples}: {' '.join(self.steps)}", flush=True)
            self._heal_quietly()
            raise
