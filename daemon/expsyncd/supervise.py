"""Restarting a long-lived service that failed unexpectedly, with backoff and one log line an edge."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from expsyncd.clock import SystemClock
from expsyncd.errors import NeedsUserError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from expsyncd.clock import Clock

logger = logging.getLogger(__name__)

FIRST_S = 0.5
LONGEST_S = 30.0
WELL_AFTER_S = 60.0  # a service that ran this long starts again with the first pause


async def keep(
    name: str, run: Callable[[], Awaitable[None]], *, first_s: float = FIRST_S, clock: Clock | None = None
) -> None:
    """Run a service for ever: its exceptions are logged and it is started again after a pause.

    NeedsUserError and a cancellation pass through; a service that returns is done.
    """
    clock = clock or SystemClock()
    pause_s, last = first_s, ""
    while True:
        started = clock.monotonic()
        try:
            await _apart(name, run)
        except Exception as error:
            if _needs_user(error):
                raise
            if clock.monotonic() - started > WELL_AFTER_S:
                pause_s, last = first_s, ""
            said = f"{type(error).__name__}: {error}"
            if said != last:
                logger.exception("%s failed; it is started again", name)
            last = said
        else:
            return
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_S)


async def _apart(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Await `run` in a task of its own: an error with which it ends cannot take the place of our cancel."""

    async def service() -> None:
        await run()

    task = asyncio.get_running_loop().create_task(service(), name=name)
    told_to_end = False
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError:
            told_to_end = True
            task.cancel()
    if not told_to_end:
        return task.result()
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.warning("%s failed as it ended", name, exc_info=error)
    raise asyncio.CancelledError


async def either(one: Coroutine[Any, Any, object], other: Coroutine[Any, Any, object]) -> None:
    """Return when the first of two waits is over; the other one is cancelled."""
    async with asyncio.TaskGroup() as group:
        waits = [group.create_task(one, name="one wait"), group.create_task(other, name="other wait")]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()


def _needs_user(error: Exception) -> bool:
    if isinstance(error, ExceptionGroup):  # from a service with tasks of its own
        return error.subgroup(NeedsUserError) is not None
    return isinstance(error, NeedsUserError)


def cancels() -> int:
    """How often the current task was asked to end so far; a mark for `heed_cancel`."""
    task = asyncio.current_task()
    return 0 if task is None else task.cancelling()


def heed_cancel(mark: int) -> None:
    """End the current task if it was asked to end since `mark`.

    An error in a TaskGroup in the same moment takes the place of the CancelledError: a loop that goes on
    after such errors must ask, or nobody can stop it. The group's body must wait for the errors, not its end:
    before Python 3.13 a group that fails while it ends counts as having been asked (measured on 3.11).
    """
    if cancels() > mark:
        raise asyncio.CancelledError
