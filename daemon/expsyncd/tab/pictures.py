"""Pictures by id: strips of small frames, single originals, whole animations with byte ranges."""

from __future__ import annotations

import io
import os
import struct
from typing import TYPE_CHECKING, BinaryIO

from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wrappers import Response
from werkzeug.wsgi import wrap_file

from expsyncd.samples.blocks import Blocks
from expsyncd.tab.answers import answer, dressed, refused
from expsyncd.tab.files import HEAD, GoneError, kind_of, opened
from expsyncd.tab.samples import is_version, rows_of

if TYPE_CHECKING:
    from werkzeug.wrappers import Request

    from expsyncd.samples.blocks import Block
    from expsyncd.state.frames import FrameRow
    from expsyncd.state.series import SeriesRow
    from expsyncd.tab.known import Known

STRIP_KIND = "application/octet-stream"
STRIP_BYTES = 4 << 20  # of one answer; the page asks on from where it ended
PICTURE_BYTES = 256 << 20
# A frame of a version never changes: the browser need not ask again.
FOR_EVER = "private, max-age=31536000, immutable"
# A frame in a strip: its kind and length. No kind: it is not at hand.
_FRAME = struct.Struct("<BI")
NONE, JPEG, GIF = 0, 1, 2
SUFFIXES = {"gif": ".gif", "webp": ".webp", "mp4": ".mp4"}


def strip(known: Known, request: Request) -> Response:
    """`?id=&version=&from=&to=`: frames as small as they are kept, each after its kind and length.

    Answers with fewer than were asked for when they get too many bytes, with none when the series has others
    by now: no failure, since a page is always a moment behind.
    """
    row, its, holds = _frames(known, request)
    if not holds:
        return answer(b"", STRIP_KIND)
    first = max(0, request.args.get("from", 0, type=int))
    last = min(len(its), request.args.get("to", len(its), type=int))
    blocks = Blocks(known.paths.frames_dir, 0)
    parts: list[bytes] = []
    total = 0
    for frame in its[first:last]:
        kind, body = _small(blocks, frame)
        parts += (_FRAME.pack(kind, len(body)), body)
        total += len(body)
        if total > STRIP_BYTES:
            break
    keep = FOR_EVER if row.reason == "" and NONE not in {part[0] for part in parts[::2]} else "no-store"
    return answer(b"".join(parts), STRIP_KIND, keep=keep)


def picture(known: Known, request: Request) -> Response:
    """`?id=&version=&frame=`: the image as it came from the host; rendered where browsers cannot show it."""
    _, its, holds = _frames(known, request)
    if not holds:
        raise GoneError("the series has other frames now")
    number = request.args.get("frame", -1, type=int)
    if not 0 <= number < len(its):
        raise GoneError("there is no such frame")
    frame = its[number]
    try:
        file = _original(known, frame)
    except GoneError:
        return _rendered(known, frame)
    return _sent(file, request, FOR_EVER) or _rendered(known, frame)


def animation(known: Known, request: Request) -> Response:
    """`?id=&kind=gif|webp|mp4`: a whole animation, in pieces where the browser asks for such."""
    row = _series(known, request)
    suffix = SUFFIXES.get(request.args.get("kind", "gif"))
    if suffix is None:
        return refused(400, "kind is gif, webp or mp4")
    path = os.path.splitext(row.path)[0] + suffix.encode()
    response = _sent(opened(known.root.path, path), request, "no-store")
    if response is None:
        raise GoneError("that is no animation")
    return response


def _series(known: Known, request: Request) -> SeriesRow:
    row = known.series().get(request.args.get("id", ""))
    if row is None:
        raise GoneError("there is no such series any more")
    return row


def _frames(known: Known, request: Request) -> tuple[SeriesRow, list[FrameRow], bool]:
    row = _series(known, request)
    with known.catalogue() as db:
        its = rows_of(db, row)
    return row, its, is_version(its, request.args.get("version", ""))


def _small(blocks: Blocks, frame: FrameRow) -> tuple[int, bytes]:
    thumb = blocks.find(frame.thumb)
    if thumb is not None:
        return JPEG, _bytes(thumb)
    block = blocks.find(frame.block)
    return (GIF, _whole(block)) if block is not None else (NONE, b"")


def _bytes(block: Block) -> bytes:
    with block.path.open("rb") as file:
        file.seek(block.offset)
        return file.read(block.length)


def _whole(block: Block) -> bytes:
    """A block as a file of its own: GIF89a with one frame."""
    return b"GIF89a" + struct.pack("<HHBBB", *block.size, 0x70, 0, 0) + _bytes(block) + b"\x3b"


def _rendered(known: Known, frame: FrameRow) -> Response:
    block = Blocks(known.paths.frames_dir, 0).find(frame.block)
    if block is None:
        raise GoneError("the image is not here any more, and its frame was not kept")
    return answer(_whole(block), "image/gif", keep=FOR_EVER)


def _original(known: Known, frame: FrameRow) -> BinaryIO:
    """The file, as it was when its frame was made. Raises GoneError."""
    if not frame.path:
        raise GoneError("a grid of several")
    file = opened(known.root.path, os.fsencode(frame.path))
    found = os.fstat(file.fileno())
    if frame.member:
        with file:
            return io.BytesIO(_tagged(file, frame))
    if (found.st_size, found.st_mtime_ns) != (frame.size, frame.mtime_ns) or frame.size > PICTURE_BYTES:
        file.close()
        raise GoneError("the image was overwritten since")
    return file


def _tagged(file: BinaryIO, frame: FrameRow) -> bytes:
    # Only for images inside event files: it loads the decoders.
    from expsyncd.samples.decode import Refusal  # noqa: PLC0415
    from expsyncd.samples.tagged import picture as tagged_picture  # noqa: PLC0415

    try:
        wall = frame.mtime_ns / 1e9
        return tagged_picture(file, frame.offset, frame.size, wall, frame.member, frame.sample or 0)
    except Refusal as refusal:
        raise GoneError(refusal.reason) from None


def _sent(file: BinaryIO, request: Request, keep: str) -> Response | None:
    """The file with byte ranges, by the type that its first bytes say; None if they say none of ours."""
    head = file.read(HEAD)
    kind = kind_of(head)
    if kind is None:
        file.close()
        return None
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    response = Response(wrap_file(request.environ, file), content_type=kind, direct_passthrough=True)
    response.content_length = size
    response = dressed(response, keep=keep)
    try:
        return response.make_conditional(request.environ, accept_ranges=True, complete_length=size)
    except RequestedRangeNotSatisfiable:
        file.close()
        return refused(416, "there are no such bytes in it")
