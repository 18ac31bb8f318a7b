"""Darkroom: renders series in a child process that may die of what it reads, and goes on without that."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error
from expsyncd.process import Child
from expsyncd.samples.thin import thinned

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence
    from pathlib import Path

    from expsyncd.samples.frame import Frame
    from expsyncd.samples.look import Look

SILENT_S = 20.0  # a picture that takes longer is not worth it
LONGEST_LINE = 32 << 20  # what one piece of an event file can hold of small images
DEATHS_MOST = 5  # in one rendering; then something else is wrong
LABEL_FORMATS = ("gif", "webp", "mp4")


@dataclass(frozen=True)
class Refused:
    """A picture that is not shown, as it was seen (path, size, mtime_ns), and why."""

    path: bytes
    size: int
    mtime_ns: int
    reason: str


@dataclass(frozen=True)
class Rendered:
    """`shown`: frames in the animation; `good`: all that could be. `wrote`: whether a byte changed."""

    out: Path
    shown: int
    good: int
    bytes: int
    canvas: tuple[int, int]
    wrote: bool
    refused: tuple[Refused, ...]


class Darkroom:
    """One child at a time, started when needed; `rest` ends it."""

    def __init__(self, blocks: Path, limit: int, *, silent_s: float = SILENT_S) -> None:
        """`limit`: most bytes of rendered frames that are kept."""
        self._blocks = blocks
        self._limit = limit
        self._silent_s = silent_s
        self._child: Child | None = None
        self._lines: AsyncIterator[bytes] | None = None

    async def render(
        self,
        frames: Sequence[Frame],
        look: Look,
        out: Path,
        *,
        canvas: tuple[int, int] | None = None,
        latest: Path | None = None,
        sheet: Path | None = None,
        only_develop: bool = False,
        progress: Callable[[int, int], None] | None = None,
    ) -> Rendered | None:
        """Make `out` show `frames`; None when none of them can be shown. Raises Error.

        `only_develop`: keep the frames for later, when more of them make a series; `out` is not written.
        Frames that cannot be read are left out and told in `refused`. `progress` hears of (done, of).
        """
        good = list(frames)
        refused: list[Refused] = []
        coarser = deaths = 0
        while good:
            chosen = [good[number] for number in thinned(good, look.cap, coarser=coarser)]
            job = {**_job(chosen, look, out, canvas, latest, sheet), "only_develop": only_develop}
            reading: int | None = None
            bad: dict[int, set[bytes]] = {}
            try:
                async for answer in self._ask(job):
                    if "reading" in answer:
                        reading = int(answer["reading"])
                    if "refused" in answer:
                        bad.setdefault(int(answer["refused"]), set()).add(os.fsencode(answer["path"]))
                        refused += _refused(chosen[int(answer["refused"])], answer["path"], answer["reason"])
                    if progress is not None and ("at" in answer or "reading" in answer):
                        progress(int(answer.get("at", reading or 0)), len(chosen))
                    if "failed" in answer:
                        raise Error(str(answer["failed"]), "look at the disk it is on")
                    if "too_large" in answer:
                        coarser += 1
                    if "done" in answer:
                        width, height = answer["canvas"]
                        done, size = int(answer["done"]), int(answer["bytes"])
                        return Rendered(
                            out, done, len(good), size, (width, height), bool(answer["wrote"]), tuple(refused)
                        )
            except _DiedError as death:
                deaths += 1
                if deaths > DEATHS_MOST:
                    raise Error("reading sample images fails again and again", str(death)) from None
                # One that died before it read anything died of something else, and is tried once more.
                for picture in chosen[reading].pictures if reading is not None else ():
                    assert reading is not None
                    bad.setdefault(reading, set()).add(picture.path)
                    refused += _refused(chosen[reading], os.fsdecode(picture.path), str(death))
            good = _without(good, {id(chosen[number]): paths for number, paths in bad.items()})
        return None if not refused else _nothing(out, refused)

    async def scan(self, path: bytes, offset: int) -> dict[str, Any] | None:
        """The images of an event file from `offset` on: found, scanned, broken. None: unreadable."""
        try:
            async for answer in self._ask({"scan": os.fsdecode(path), "offset": offset}):
                if "scanned" in answer:
                    return answer
        except _DiedError:
            pass
        return None

    async def rest(self) -> None:
        """End the child; the next rendering starts another."""
        child, self._child, self._lines = self._child, None, None
        if child is not None:
            await child.stop()

    async def _ask(self, job: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        """The answers to one job. Raises _DiedError when the child is gone or silent for too long."""
        if self._child is None or self._child.code is not None:
            await self.rest()
            argv = [
                sys.executable,
                "-P",
                "-m",
                "expsyncd.samples.develop",
                str(self._blocks),
                str(self._limit),
            ]
            self._child = await Child.start(argv, stdin=True, stderr=asyncio.subprocess.DEVNULL)
            self._lines = self._child.lines(longest=LONGEST_LINE)
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
                    raise _DiedError(f"took longer than {self._silent_s:g} s") from None
                except (StopAsyncIteration, ValueError):
                    raise _DiedError("ended the program that reads it") from None
                finished = not {"done", "again", "too_large", "failed", "scanned"}.isdisjoint(answer)
                yield answer
        finally:
            if not finished:  # what it still says is about this job
                await self.rest()


class _DiedError(Exception):
    """The child ended or hangs."""


def _job(
    frames: Sequence[Frame],
    look: Look,
    out: Path,
    canvas: tuple[int, int] | None,
    latest: Path | None,
    sheet: Path | None,
) -> dict[str, Any]:
    return {
        "kind": out.suffix[1:],
        "out": str(out),
        "look": asdict(look),
        "canvas": canvas,
        "latest": str(latest) if latest else None,
        "sheet": str(sheet) if sheet else None,
        "frames": [
            [
                list(frame.order),
                frame.label,
                [[os.fsdecode(picture.path), *astuple(picture)[1:]] for picture in frame.pictures],
                [list(panel) for panel in frame.panels],
            ]
            for frame in frames
        ],
    }


def _refused(frame: Frame, path: str, reason: str) -> list[Refused]:
    named = os.fsencode(path)
    return [
        Refused(picture.path, picture.size, picture.mtime_ns, reason)
        for picture in frame.pictures
        if picture.path == named
    ]


def _without(frames: Sequence[Frame], bad: Mapping[int, set[bytes]]) -> list[Frame]:
    """A grid goes on without a picture that cannot be shown; a frame that is left with none is left out."""
    found = []
    for frame in frames:
        if id(frame) in bad:
            kept = tuple(picture for picture in frame.pictures if picture.path not in bad[id(frame)])
            if kept and not frame.panels:
                found.append(replace(frame, pictures=kept))
        else:
            found.append(frame)
    return found


def _nothing(out: Path, refused: Sequence[Refused]) -> Rendered:
    return Rendered(out, 0, 0, 0, (0, 0), False, tuple(refused))
