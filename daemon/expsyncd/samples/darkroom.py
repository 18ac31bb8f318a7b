"""Darkroom: renders series in a child process that may die of what it reads, and goes on without that."""

from __future__ import annotations

import os
from dataclasses import asdict, astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

from expsyncd.cell import SILENT_S, Cell, DiedError
from expsyncd.errors import Error
from expsyncd.samples.thin import thinned

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from expsyncd.samples.frame import Frame
    from expsyncd.samples.look import Look

LONGEST_LINE = 32 << 20  # what one piece of an event file can hold of small images
DEATHS_MOST = 5  # in one rendering; then something else is wrong
ENDS = frozenset({"done", "again", "too_large", "failed", "scanned"})
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
        self._cell = Cell(
            "expsyncd.samples.develop",
            str(blocks),
            str(limit),
            ends=ENDS,
            silent_s=silent_s,
            longest=LONGEST_LINE,
        )

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
                async for answer in self._cell.ask(job):
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
            except DiedError as death:
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

    async def scan(self, path: bytes, offset: int, *, over: bool = False) -> dict[str, Any] | None:
        """The images of an event file from `offset` on: found, scanned, broken. None: unreadable.

        `over`: what stands at `offset` is damage.
        """
        try:
            async for answer in self._cell.ask({"scan": os.fsdecode(path), "offset": offset, "over": over}):
                if "scanned" in answer:
                    return answer
        except DiedError:
            pass
        return None

    async def rest(self) -> None:
        """End the child; the next rendering starts another."""
        await self._cell.rest()


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
