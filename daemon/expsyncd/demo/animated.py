"""Did the sample images become animations: frames counted by Pillow, and the newest one compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageChops

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


@dataclass(frozen=True)
class Animated:
    """`frames` of `images` in `size` bytes; `newest`: the latest picture is the host's last."""

    run: str
    images: int
    frames: int
    size: int
    newest: bool

    @property
    def passed(self) -> bool:
        """All images are in it, and the newest is the last one."""
        return 0 < self.images == self.frames and self.newest


def animated(samples: Path, animations: Path, runs: Iterable[str]) -> list[Animated]:
    """Each run's animation; `samples` is the host's folder of them, `animations` ours of the host."""
    return [_one(samples / run, animations, run) for run in runs]


def _one(folder: Path, animations: Path, run: str) -> Animated:
    images = sorted(folder.glob("*.png"))
    made = next(animations.glob(f"*/{run}/*.gif"), None)
    if made is None or not images:
        return Animated(run, len(images), 0, 0, newest=False)
    with Image.open(made) as shown:
        frames = int(getattr(shown, "n_frames", 1))
    latest = made.with_suffix(".latest.png")
    newest = False
    if latest.exists():
        with Image.open(latest) as ours, Image.open(images[-1]) as theirs:
            newest = (
                ours.size == theirs.size
                and not ImageChops.difference(ours.convert("RGB"), theirs.convert("RGB")).getbbox()
            )
    return Animated(run, len(images), frames, made.stat().st_size, newest)
