"""What the numbers of the demo's runs do: fall, wobble, stall. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

STEPS_PER_EPOCH = 12
_WARM_UP_STEPS = 24
_SCHEDULE_STEPS = 1200  # a hundred epochs, five minutes at the demo's pace


@dataclass(frozen=True)
class Recipe:
    """One run. Losses fall from `start` to `floor` with the time constant `tau_steps`."""

    name: str
    learning_rate: float
    batch_size: int
    start: float
    floor: float
    tau_steps: float
    noise: float
    overfit_from: int  # the step after which the validation loss turns up again

    @property
    def seed(self) -> int:
        """Differs between runs and stays the same between demos."""
        return round(1e6 * self.learning_rate) + self.batch_size


RECIPES = (
    Recipe("lr1e-3_bs64", 1e-3, 64, 2.4, 0.52, 60, 0.09, 240),
    Recipe("lr3e-4_bs64", 3e-4, 64, 2.3, 0.38, 130, 0.05, 700),
    Recipe("lr1e-4_bs128", 1e-4, 128, 2.3, 0.44, 300, 0.03, 1200),
)


def _noise(recipe: Recipe, step: int, kind: int) -> float:
    return float(np.random.default_rng((recipe.seed, step, kind)).normal())


def loss_train(recipe: Recipe, step: int) -> float:
    """Positive; the highest learning rate has spikes."""
    smooth = recipe.floor + (recipe.start - recipe.floor) * math.exp(-step / recipe.tau_steps)
    spike = 0.6 if recipe.noise > 0.08 and step % 97 in (60, 61) else 0.0
    return max(0.01, smooth * (1 + recipe.noise * _noise(recipe, step, 0)) + spike)


def loss_val(recipe: Recipe, step: int) -> float:
    """A little above the training loss, smoother, rising once the run overfits."""
    smooth = recipe.floor * 1.12 + (recipe.start - recipe.floor) * math.exp(-step / (1.15 * recipe.tau_steps))
    overfit = 0.0006 * max(0, step - recipe.overfit_from)
    return max(0.01, smooth * (1 + 0.3 * recipe.noise * _noise(recipe, step, 1)) + overfit)


def fid(recipe: Recipe, step: int) -> float:
    """Fréchet distance of the samples: hundreds for noise, tens for shapes."""
    smooth = 18 + 40 * recipe.floor + 290 * math.exp(-step / (0.8 * recipe.tau_steps))
    return max(1.0, smooth * (1 + 0.4 * recipe.noise * _noise(recipe, step, 2)))


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then half a cosine down to a hundredth."""
    if step < _WARM_UP_STEPS:
        return recipe.learning_rate * (step + 1) / _WARM_UP_STEPS
    done = min(1.0, (step - _WARM_UP_STEPS) / _SCHEDULE_STEPS)
    return recipe.learning_rate * (0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2)


def quality(recipe: Recipe, step: int) -> float:
    """How far its samples have come from noise (0) to shapes (1)."""
    return 1 - math.exp(-step / (0.6 * recipe.tau_steps))
