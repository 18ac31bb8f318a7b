"""What status says of sample images. Pure and stdlib only, like status.py."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SamplesState:
    """`series` known, `waiting` to be rendered, `failed` to be; `refused` images that cannot be shown."""

    series: int = 0
    waiting: int = 0
    failed: int = 0
    refused: int = 0
