"""Look: how animations look. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass

MB = 1_000_000


@dataclass(frozen=True)
class Look:
    """`width`: the widest, in pixels. `cap`: most frames shown. `budget`: most bytes of an animation.

    `fps`: frames a second. `held_s`: how long the last frame stands. `labels`: the strip above the picture.
    `ground`: what shows through transparent pixels and beside letterboxed ones.
    """

    width: int = 1024
    cap: int = 150
    budget: int = 100 * MB
    fps: float = 8.0
    held_s: float = 2.0
    labels: bool = True
    ground: tuple[int, int, int] = (255, 255, 255)

    @property
    def word(self) -> str:
        """Another one for each look."""
        return hashlib.sha256(repr(sorted(asdict(self).items())).encode()).hexdigest()[:12]

    @property
    def of_pixels(self) -> str:
        """A word that changes with whatever changes the pixels of a frame."""
        words = {name: value for name, value in asdict(self).items() if name in ("width", "labels", "ground")}
        return hashlib.sha256(repr(sorted(words.items())).encode()).hexdigest()[:12]
