"""Timers on one grid: a daemon in which nothing happens wakes once for many of them. Stdlib only.

A wake-up of the loop costs more than most of what is then looked at (60 µs, measured), an exception that ends
a wait as much again.
"""

from __future__ import annotations

import asyncio


def next_due(now_s: float, every_s: float) -> float:
    """The first multiple of `every_s` after `now_s`, in seconds of the loop's clock."""
    return (now_s // every_s + 1) * every_s


async def rest(every_s: float, *, on_s: float | None = None) -> None:
    """Wait for the next multiple of `every_s`, or of the smaller `on_s` nearest before: at most `every_s`."""
    loop = asyncio.get_running_loop()
    grid_s = min(on_s or every_s, every_s)
    await wished(asyncio.Event(), next_due(loop.time() + every_s - grid_s, grid_s))


async def wished(wish: asyncio.Event, due_s: float) -> bool:
    """Wait until `wish` is set, or the loop's clock shows `due_s`; whether it was set before.

    It is set afterwards either way: whoever waits clears it and then looks at everything.
    """
    if wish.is_set():
        return True
    late = False

    def be_late() -> None:
        nonlocal late
        late = not wish.is_set()
        wish.set()

    timer = asyncio.get_running_loop().call_at(due_s, be_late)
    try:
        await wish.wait()
    finally:
        timer.cancel()
    return not late
