"""Measures side by side in one run and prints ratios; never asserts a time."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence


async def paired(
    ours: Callable[[], Awaitable[None]], rival: Callable[[], Awaitable[None]], runs: int
) -> tuple[list[float], list[float]]:
    """Run both in turn, `runs` times after one warm-up each; seconds of each run."""
    await ours()
    await rival()
    first: list[float] = []
    second: list[float] = []
    for number in range(runs):
        pairs = [(ours, first), (rival, second)]
        for run, times in pairs if number % 2 == 0 else reversed(pairs):
            started = time.perf_counter()
            await run()
            times.append(time.perf_counter() - started)
    return first, second


def line(name: str, ours: Sequence[float], rival: Sequence[float], rival_name: str, aim: str) -> None:
    """One row: medians, and the median of the ratios pair by pair."""
    ratio = statistics.median(a / b for a, b in zip(ours, rival, strict=True))
    print(
        f"{name:<34} {statistics.median(ours):8.3f} s {statistics.median(rival):8.3f} s  {ratio:5.2f}x  "
        f"({rival_name}; aim {aim})",
        flush=True,
    )
