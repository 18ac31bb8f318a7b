"""Work in a thread that its caller waits for to the end, also when cancelled. Stdlib only.

`asyncio.to_thread` lets go of a thread that goes on: of what it writes nobody knows any more.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


async def to_its_end(function: Callable[[], T]) -> T:
    """Run `function` in a thread; when cancelled, wait for its end all the same, then be cancelled."""
    running = asyncio.get_running_loop().run_in_executor(None, function)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _ended(running)
        raise


async def _ended(running: asyncio.Future[T]) -> None:
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue  # who cancels twice waits, too
    running.exception()  # seen
