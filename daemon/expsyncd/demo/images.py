"""Sample images of the demo's runs: an 8 x 8 grid that develops from noise to smooth shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from expsyncd.errors import Error

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

ACROSS = 8
CELL = 32  # pixels
GAP = 2
SIDE = ACROSS * (CELL + GAP) + GAP


def grid(seed: int, quality: float) -> NDArray[np.uint8]:
    """Shape (SIDE, SIDE, 3). The same seed gives the same shapes, so that a series shows them develop."""
    chance = np.random.default_rng(seed)
    cells = ACROSS * ACROSS
    colours = 0.25 + 0.75 * chance.random((2, cells, 1, 1, 3))
    noise = chance.random((cells, CELL, CELL, 3))
    inside = _shapes(chance, cells, quality)[..., np.newaxis]
    shapes = inside * colours[0] + (1 - inside) * 0.35 * colours[1]
    cellwise = quality * shapes + (1 - quality) * noise
    sheet = np.full((SIDE, SIDE, 3), 0.08)
    for number, cell in enumerate(cellwise):
        top, left = (GAP + place * (CELL + GAP) for place in divmod(number, ACROSS))
        sheet[top : top + CELL, left : left + CELL] = cell
    return np.asarray(255 * sheet.clip(0, 1), dtype=np.uint8)


def _shapes(chance: np.random.Generator, cells: int, quality: float) -> NDArray[np.float64]:
    """How much each pixel is inside its cell's flower-like outline, sharper with quality."""

    def each(low: float, high: float) -> NDArray[np.float64]:
        return chance.uniform(low, high, (cells, 1, 1))

    petals = chance.integers(2, 7, (cells, 1, 1))
    across, down = np.meshgrid(np.linspace(-1, 1, CELL), np.linspace(-1, 1, CELL))
    # An untrained generator has them bent and off the middle.
    bent = 1 - quality
    x = across + bent * each(-0.5, 0.5) * down**2 + each(-0.12, 0.12)
    y = down + bent * each(-0.5, 0.5) * across**2 + each(-0.12, 0.12)
    outline = each(0.4, 0.7) * (1 + each(0.05, 0.3) * np.cos(petals * np.arctan2(y, x) + each(0, 6.3)))
    sharpness = 3 + 22 * quality
    edge: NDArray[np.float64] = 1 / (1 + np.exp(-sharpness * (outline - np.hypot(x, y))))
    return edge


def pillow() -> Any:
    """Pillow's Image module. Raises Error when Pillow, which only the demo needs, is missing."""
    try:
        from PIL import Image  # noqa: PLC0415 - optional
    except ImportError:
        advice = "python -m pip install 'expsyncd[demo]'   (or: python -m pip install pillow)"
        raise Error("the demo draws sample images and needs Pillow", advice) from None
    return Image


def save(path: Path, seed: int, quality: float) -> None:
    """Write the grid as PNG, straight to its name as training scripts do."""
    pillow().fromarray(grid(seed, quality)).save(path)
