"""The demo's sample images develop."""

from __future__ import annotations

import numpy as np
from PIL import Image

from expsyncd.demo.images import CELL, GAP, SIDE, grid, save


def _roughness(sheet: np.ndarray) -> float:
    """Mean difference of neighbouring pixels inside the first cell."""
    cell = sheet[GAP : GAP + CELL, GAP : GAP + CELL].astype(float)
    return float(np.abs(np.diff(cell, axis=0)).mean())


def test_a_sheet_has_eight_by_eight_cells():
    assert grid(1, 0.5).shape == (SIDE, SIDE, 3)
    assert (SIDE - GAP) // (CELL + GAP) == 8


def test_it_is_noise_at_first_and_smooth_at_the_end():
    steps = [_roughness(grid(1, quality)) for quality in (0.0, 0.5, 0.9, 1.0)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 10 * steps[-1]


def test_the_same_seed_draws_the_same_and_another_seed_something_else():
    assert np.array_equal(grid(1, 0.9), grid(1, 0.9))
    assert not np.array_equal(grid(1, 0.9), grid(2, 0.9))


def test_what_is_saved_is_what_was_drawn(tmp_path):
    save(tmp_path / "sheet.png", 3, 0.7)
    with Image.open(tmp_path / "sheet.png") as image:
        assert np.array_equal(np.asarray(image), grid(3, 0.7))
