"""Cell: a child process that reads what nobody vouches for, and may die of it without harm.

A job is one line of JSON on its stdin, the answers are lines of JSON on its stdout; the child's side is
confined.py.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Any

from expsyncd.process import Child

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from collections.abc import Set as AbstractSet

SILENT_S = 20.0  # what takes longer than this for one answer is not worth it
# Each thread of a mathematics library reserves memory, and the child's is limited.
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class DiedError(Exception):
    """The child ended or hangs; the text says which, for people, about what it was reading."""


class Cell:
    """One child at a time, started when needed; `rest` ends it."""

    def __init__(
        self,
        module: str,
        *arguments: str,
        ends: AbstractSet[str],
        silent_s: float = SILENT_S,
        longest: int = 1 << 20,
    ) -> None:
        """`ends`: an answer with any of these words is a job's last. `longest`: bytes of an answer."""
        self._argv = [sys.executable, "-P", "-m", module, *arguments]
        self._ends = ends
        self._silent_s = silent_s
        self._longest = longest
        self._child: Child | None = None
        self._lines: AsyncIterator[bytes] | None = None

    async def rest(self) -> None:
        """End the child; the next job starts another."""
        child, self._child, self._lines = self._child, None, None
        if child is not None:
            await child.stop()

    async def ask(self, job: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The answers to one job. Raises DiedError when the child is gone or silent for too long."""
        if self._child is None or self._child.code is not None:
            await self.rest()
            self._child = await Child.start(
                self._argv,
                stdin=True,
                stderr=asyncio.subprocess.DEVNULL,
                environment={**os.environ, **_ONE_THREAD},
            )
            self._lines = self._child.lines(longest=self._longest)
        assert self._lines is not None
        finished = False
        try:
            await self._child.write(json.dumps(job).encode() + b"\n")
            while not finished:
                try:
                    async with asyncio.timeout(self._silent_s):
                        line = await anext(self._lines)
                    answer: dict[str, Any] = json.loads(line)
                except TimeoutError:
                    raise DiedError(f"took longer than {self._silent_s:g} s") from None
                except (StopAsyncIteration, ValueError):
                    raise DiedError("ended the program that reads it") from None
                finished = not self._ends.isdisjoint(answer)
                yield answer
        finally:
            if not finished:  # what it still says is about this job
                await self.rest()
