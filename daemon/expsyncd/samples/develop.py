"""The darkroom's child: reads pictures nobody vouches for, encodes frames once, puts animations together.

It runs niced, under a memory limit, and says what it is about to read, so that its parent knows what to blame
for its death. A job is one line of JSON on stdin; the answers are lines on stdout.
"""

from __future__ import annotations

import hashlib
import io
import os
import sys
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from expsyncd.confined import confine, jobs, say
from expsyncd.samples.blocks import THUMB, Blocks, key_of
from expsyncd.samples.compose import canvas_of, fit, grid, side_by_side
from expsyncd.samples.decode import Refusal, decoded, opened
from expsyncd.samples.frame import Frame, Picture, undated
from expsyncd.samples.look import Look
from expsyncd.samples.put_together import GIF_SUFFIX, Encoded, encoder_of

if TYPE_CHECKING:
    from PIL import Image

    from expsyncd.samples.blocks import Block

MEMORY_MOST = 1 << 30
ARRAYS = (b".npy", b".npz")
SCANNED_AT_ONCE = 32 << 20  # bytes of an event file; then a picture has its turn
DIGEST_PIECE = 1 << 20
THUMB_SIDE = 256  # pixels
THUMB_ABOVE = 160  # smaller blocks are their own thumb: exact, and as quick to decode


def main() -> None:
    """`develop FOLDER LIMIT`: blocks in FOLDER, at most LIMIT bytes of them."""
    confine(MEMORY_MOST)
    blocks = Blocks(Path(sys.argv[1]), int(sys.argv[2]))
    for job in jobs():
        try:
            if "scan" in job:
                scan_events(job)
            else:
                Rendering(job, blocks).run()
        except OSError as error:
            say(failed=f"{error.filename or 'the animation'}: {error.strerror}")
        except MemoryError:
            say(failed="needs too much memory")


class Rendering:
    """One job: frames that are in blocks already cost a look, others are read, then all are put together."""

    def __init__(self, job: dict[str, Any], blocks: Blocks) -> None:
        self._frames = [_frame(words) for words in job["frames"]]
        look = dict(job["look"])
        self._look = Look(**{**look, "ground": tuple(look["ground"])})
        self._kind: str = job["kind"]
        self._out = Path(job["out"])
        self._only_develop = bool(job["only_develop"])
        self._canvas: tuple[int, int] | None = tuple(job["canvas"]) if job["canvas"] else None
        self._latest = Path(job["latest"]) if job["latest"] else None
        self._sheet = Path(job["sheet"]) if job["sheet"] else None
        self._blocks = blocks
        self._encode = encoder_of(self._kind)
        self._seen: tuple[int, Image.Image] | None = None  # the newest frame read in this job, undistorted

    def run(self) -> None:
        """Say `refused` for each bad frame, else at the end `done`."""
        found: list[Block] = []
        bad = 0
        for number, frame in enumerate(self._frames):
            try:
                found.append(self._block(number, frame))
            except Refusal as refusal:
                bad += 1
                path = refusal.path or frame.pictures[0].path
                say(refused=number, path=os.fsdecode(path), reason=refusal.reason)
            if number % 20 == 19:
                say(at=number)
        if bad or not found:
            say(again=bad)
            return
        if self._only_develop:
            say(done=0, bytes=0, canvas=self._canvas, wrote=False)
            return
        shown = self._without_twins(found)
        total = sum(found[number].length for number in shown)
        if total > self._look.budget and len(shown) > 2:
            say(too_large=total)
            return
        encoded = [
            Encoded(found[number].path, found[number].offset, found[number].length) for number in shown
        ]
        size = found[0].size
        wrote = self._encode.put_together(self._out, encoded, size, self._look)
        if self._latest is not None:
            self._write_latest(self._latest, wrote=wrote)
        if self._sheet is not None and self._kind == GIF_SUFFIX:
            from expsyncd.samples.sheet import write_sheet

            write_sheet(self._sheet, encoded, size)
        say(done=len(shown), bytes=self._out.stat().st_size, canvas=self._canvas, wrote=wrote)

    def _without_twins(self, found: list[Block]) -> list[int]:
        """A file that was written anew with the same content is no new frame."""
        kept: list[int] = []
        for number, frame in enumerate(self._frames):
            if kept:
                before = self._frames[kept[-1]]
                same_name = before.order[:-1] == frame.order[:-1]
                if same_name and found[kept[-1]].digest == found[number].digest:
                    continue
            kept.append(number)
        return kept

    def _block(self, number: int, frame: Frame) -> Block:
        if self._canvas is not None:
            block = self._blocks.find(key_of(frame, self._look, self._canvas, self._kind))
            if block is not None:
                return block
        say(reading=number)
        try:
            picture, digest = developed(frame, self._look.ground)
        except Refusal:
            block = self._of_before(frame)
            if block is None:
                raise
            return block
        self._seen = (number, picture)
        if self._canvas is None:
            self._canvas = canvas_of(picture.size, self._look.width)
        fitted = fit(picture, self._canvas, self._look.ground)
        if self._kind == GIF_SUFFIX and max(self._canvas) > THUMB_ABOVE:
            small = thumb(fitted)
            self._blocks.put(key_of(frame, self._look, self._canvas, THUMB), small, self._canvas, digest)
        data, size = self._encode.encode(fitted, frame.label if self._look.labels else None)
        return self._blocks.put(key_of(frame, self._look, self._canvas, self._kind), data, size, digest)

    def _of_before(self, frame: Frame) -> Block | None:
        """The frame as it was rendered when its name had one content only, before its label was dated.

        The bytes of that content are gone by the time its label changes.
        """
        plain = replace(frame, label=undated(frame.label))
        if self._canvas is None or plain == frame:
            return None
        found = None
        for kind in (THUMB, self._kind):
            found = self._blocks.find(key_of(plain, self._look, self._canvas, kind))
            if found is not None:
                with found.path.open("rb") as file:
                    file.seek(found.offset)
                    data = file.read(found.length)
                key = key_of(frame, self._look, self._canvas, kind)
                found = self._blocks.put(key, data, found.size, found.digest)
        return found

    def _write_latest(self, latest: Path, *, wrote: bool) -> None:
        last = len(self._frames) - 1
        if not wrote and latest.exists():
            return
        if self._seen is not None and self._seen[0] == last:
            picture = self._seen[1]
        else:
            try:
                picture, _ = developed(self._frames[last], self._look.ground)
            except Refusal:
                return  # it was overwritten since; its frame is in the animation
        temporary = latest.with_name(f".{latest.name[:200]}.new")
        picture.save(temporary, "PNG", compress_level=1)
        temporary.replace(latest)


def thumb(picture: Image.Image) -> bytes:
    """As a JPEG of `THUMB_SIDE` at most: a tenth of the block's bytes, and quick to decode."""
    small = picture.convert("RGB")
    small.thumbnail((THUMB_SIDE, THUMB_SIDE), reducing_gap=2.0)
    file = io.BytesIO()
    small.save(file, "JPEG", quality=85, subsampling=0)
    return file.getvalue()


def developed(frame: Frame, ground: tuple[int, int, int]) -> tuple[Image.Image, str]:
    """A frame's picture, a grid of them if there are several, and a digest of their bytes. Raises Refusal."""
    digest = hashlib.sha256()
    found: list[Image.Image] = []
    for picture in frame.pictures:
        try:
            with opened(picture) as file:
                if picture.member:
                    data = _of_event(file, picture)
                    digest.update(data)
                    found.append(decoded(io.BytesIO(data), ground))
                    continue
                while piece := file.read(DIGEST_PIECE):
                    digest.update(piece)
                file.seek(0)
                if picture.path.lower().endswith(ARRAYS):
                    from expsyncd.samples.arrays import pictures

                    found += pictures(file, picture.path, picture.member)
                else:
                    found.append(decoded(file, ground))
        except Refusal as refusal:
            raise Refusal(refusal.reason, picture.path) from None
        except (OSError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - zlib, lzma, struct and tokenize raise their own
            raise Refusal(f"damaged ({type(error).__name__})", picture.path) from None
    return _laid_out(frame, found, ground), digest.hexdigest()[:32]


def _of_event(file: BinaryIO, picture: Picture) -> bytes:
    from expsyncd.samples import tagged

    wall = picture.mtime_ns / 1e9
    return tagged.picture(file, picture.offset, picture.size, wall, picture.member, picture.index or 0)


def scan_events(job: dict[str, Any]) -> None:
    """Say which images an event file holds from an offset on."""
    from expsyncd.samples import tagged

    path = os.fsencode(job["scan"])
    try:
        with opened(Picture(path, 0, 0, member="any")) as file:
            result = tagged.scan(file, int(job["offset"]), SCANNED_AT_ONCE, over=job["over"])
    except Refusal as refusal:
        say(failed=refusal.reason)
        return
    found = [list(astuple(one)) for one in result.found]
    say(scanned=result.offset, broken=result.broken, found=found)


def _laid_out(frame: Frame, found: list[Image.Image], ground: tuple[int, int, int]) -> Image.Image:
    if not frame.panels:
        return grid(found, ground)
    panels = []
    at = 0
    for name, count in frame.panels:
        panels.append((name, grid(found[at : at + count], ground)))
        at += count
    return side_by_side(panels, ground)


def _frame(words: list[Any]) -> Frame:
    order, label, pictures, panels = words
    return Frame(
        tuple(order),
        label,
        tuple(Picture(os.fsencode(path), *rest) for path, *rest in pictures),
        panels=tuple((name, count) for name, count in panels),
    )


if __name__ == "__main__":
    main()
