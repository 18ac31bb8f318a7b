"""How long a TensorBoard that does not answer is waited for before it is started again. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from expsyncd.tensorboard.health import Ailment, Signs

SICK_IN_A_ROW = 2  # one missed answer may be a loaded laptop
BUSY_CORES = 0.3  # one that computes this much may be loading a thousand runs


@dataclass(frozen=True)
class Timing:
    """Seconds; tests hand in shorter ones."""

    start_deadline_s: float = 60.0  # a cold disk and a big import
    start_look_s: float = 0.1
    look_s: float = 2.0
    again_s: float = 0.5  # after a first failure
    answer_s: float = 2.0  # it takes 4 ms; with the looks: a hang is over within 10 s
    busy_s: float = 30.0
    stop_grace_s: float = 3.0  # it ends within 0.1 s of TERM, unless it hangs


class Patience:
    """Judges one TensorBoard, look by look; times are monotonic seconds."""

    def __init__(self, timing: Timing, started: float) -> None:
        self._timing = timing
        self._started = started
        self.healthy_at: float | None = None
        self._sick = 0
        self._silent_at = 0.0
        self._before: tuple[float, Signs] | None = None

    def healthy_s(self, now: float) -> float | None:
        """How long ago it answered first; None when it never did."""
        return None if self.healthy_at is None else now - self.healthy_at

    def judge(self, now: float, ailment: Ailment | None, signs: Signs | None) -> float | None:
        """Seconds until the next look; None: it must be started again. `signs` of a silent one, if known."""
        timing = self._timing
        if ailment is None:
            self._sick, self._before = 0, None
            if self.healthy_at is None:
                self.healthy_at = now
            return timing.look_s
        if self.healthy_at is None:
            return None if now - self._started > timing.start_deadline_s else timing.start_look_s
        self._sick += 1
        if self._sick == 1:
            self._silent_at = now
        if not ailment.silent or signs is None:
            return None if self._sick >= SICK_IN_A_ROW else timing.again_s
        if signs.stopped:
            return None
        before, self._before = self._before, (now, signs)
        if before is None:
            return timing.again_s
        busy = signs.cpu_s - before[1].cpu_s >= BUSY_CORES * (now - before[0])
        # One that others keep off the processor is as little hung as one that computes.
        busy = busy or (signs.runnable and before[1].runnable)
        return timing.again_s if busy and now - self._silent_at < timing.busy_s else None
