"""Waiting until something is so, never for a time."""

from __future__ import annotations

import asyncio
import inspect
import time
from typing import Any

POLL_S = 0.02


def until(condition, within: float, what: str = "") -> Any:
    """Call `condition` until it is truthy; its value. Fails after `within` seconds, saying the last value."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {within} s: {what or inspect.getsource(condition).strip()}; last: {value!r}"
            )
        time.sleep(POLL_S)


def throughout(condition, for_s: float, what: str = "") -> None:
    """Look at `condition` again and again for `for_s` seconds; fails as soon as it is not so."""
    deadline = time.monotonic() + for_s
    while time.monotonic() < deadline:
        value = condition()
        assert value, f"not for {for_s} s: {what or inspect.getsource(condition).strip()}; now: {value!r}"
        time.sleep(POLL_S)


async def eventually(condition, within: float, what: str = "") -> Any:
    """`until` for the event loop; `condition` may be a plain or an async function."""
    deadline = time.monotonic() + within
    while True:
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(
                f"not within {within} s: {what or inspect.getsource(condition).strip()}; last: {value!r}"
            )
        await asyncio.sleep(POLL_S)
