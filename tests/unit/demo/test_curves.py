"""The demo's numbers look like a training's."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from expsyncd.demo.curves import RECIPES, fid, learning_rate, loss_train, loss_val, quality

STEPS = range(2000)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_every_curve_is_finite_and_positive(recipe):
    for curve in (loss_train, loss_val, fid, learning_rate):
        assert all(math.isfinite(value) and value > 0 for value in (curve(recipe, step) for step in STEPS))


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_the_training_loss_falls_and_wobbles(recipe):
    first = [loss_train(recipe, step) for step in range(20)]
    late = [loss_train(recipe, step) for step in range(900, 920)]
    assert max(late) < min(first)
    assert any(after > before for before, after in pairwise(late))


def test_a_curve_is_the_same_in_every_demo_and_differs_between_runs():
    assert loss_train(RECIPES[0], 7) == loss_train(RECIPES[0], 7)
    assert len({loss_train(recipe, 7) for recipe in RECIPES}) == len(RECIPES)


def test_the_highest_learning_rate_overfits():
    recipe = RECIPES[0]
    middle = sum(loss_val(recipe, step) for step in range(200, 240))
    late = sum(loss_val(recipe, step) for step in range(800, 840))
    assert late > middle


def test_the_learning_rate_warms_up_to_its_name_and_goes_down():
    recipe = RECIPES[1]
    rates = [learning_rate(recipe, step) for step in STEPS]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    assert rates[0] < recipe.learning_rate / 10
    assert rates[-1] == pytest.approx(recipe.learning_rate / 100)


def test_quality_goes_from_noise_to_shapes():
    for recipe in RECIPES:
        assert quality(recipe, 0) == 0
        assert quality(recipe, 3000) > 0.99
