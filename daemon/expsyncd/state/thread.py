"""One thread for SQLite: every access to a database goes through it, in order."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class DatabaseThread:
    """`run` blocking functions one after the other, off the loop."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="database")

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function` in the thread; its result or exception.

        A cancelled caller does not stop it half-way: what was begun is finished.
        """
        future = asyncio.get_running_loop().run_in_executor(self._executor, lambda: function(*args, **kwargs))
        return await asyncio.shield(future)

    async def close(self) -> None:
        """Finish what was given and end the thread."""
        await asyncio.to_thread(self._executor.shutdown)
