"""One thread for SQLite: every access to a database goes through it, in order."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

P = ParamSpec("P")
R = TypeVar("R")

CLOSE_S = 10.0  # longer than any honest commit, shorter than what systemd waits before it kills


class DatabaseThread:
    """`run` blocking functions one after the other, off the loop."""

    def __init__(self) -> None:
        self._wanted: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._closed = False
        # A daemon thread, unlike an executor's: stuck on a dead disk it must not keep the process alive.
        self._thread = Thread(target=self._serve, name="database", daemon=True)
        self._thread.start()

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `function` in the thread; its result or exception.

        A cancelled caller does not stop it half-way: what was given is finished. Raises RuntimeError
        after `close`.
        """
        if self._closed:
            raise RuntimeError("the database thread is closed")
        future: Future[R] = Future()
        future.set_running_or_notify_cancel()  # from here on nobody can cancel it

        def act() -> None:
            try:
                result = function(*args, **kwargs)
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the caller
                future.set_exception(error)
            else:
                future.set_result(result)

        self._wanted.put(act)
        return await asyncio.shield(asyncio.wrap_future(future))

    async def close(self, within_s: float = CLOSE_S) -> None:
        """Finish what was given and end the thread; past the deadline it is left behind, and logged."""
        if not self._closed:
            self._closed = True
            self._wanted.put(None)
        await asyncio.to_thread(self._thread.join, within_s)
        if self._thread.is_alive():
            logger.error("a database did not finish within %.0f s: is its disk stuck?", within_s)

    def _serve(self) -> None:
        while (act := self._wanted.get()) is not None:
            act()
