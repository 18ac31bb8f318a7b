"""Images inside event files: found by framing and a few protobuf fields, read one at a time. For the child.

Every length is bounded by the file; checksums of lengths are checked, those of the data are not: in Python
they cost ten times as much as all the rest. Fields as event.proto and summary.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from expsyncd.eventfiles.framing import HEAD, TAIL, Heads
from expsyncd.eventfiles.wire import fields
from expsyncd.samples.decode import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALLEST = 120  # bytes; a record with an image is larger
LARGEST = 64 << 20
PIECE = 1 << 20  # bytes read at once of what is no record
PICTURES_MOST = 144
TAG_LONGEST = 300
DT_STRING = 7
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
SAME_WALL_S = 1e-5  # nanoseconds and back
WALL_MOST = float(1 << 33)  # in the year 2242; as nanoseconds it still fits a database's 63 bits


@dataclass(frozen=True)
class Tagged:
    """One image summary: `count` pictures of a tag and step, in the record of `length` bytes at `offset`."""

    tag: str
    step: int
    wall: float
    offset: int
    length: int
    count: int


@dataclass
class Scan:
    """What was found up to `offset`; `broken` when what stands there is no record."""

    found: list[Tagged] = field(default_factory=list)
    offset: int = 0
    broken: bool = False


def scan(file: BinaryIO, offset: int, most: int, *, over: bool = False) -> Scan:
    """Read records from `offset` on, about `most` bytes of them; a last one that is not whole yet stays.

    `over`: what stands at `offset` is damage; go on behind it, if there is a record yet.
    """
    file.seek(0, 2)
    size = file.tell()
    result = Scan(offset=offset)
    heads = Heads()
    if over:
        result.offset = offset = _behind(file, offset, size, heads)
    while result.offset + HEAD <= size and result.offset - offset < most:
        file.seek(result.offset)
        length = heads.length(file.read(HEAD))
        if length is None:
            result.broken = True
            return result
        if result.offset + HEAD + length + TAIL > size:
            break
        if SMALLEST <= length <= LARGEST:
            result.found += _images(file.read(length), result.offset, length)
        result.offset += HEAD + length + TAIL
    return result


def _behind(file: BinaryIO, offset: int, size: int, heads: Heads) -> int:
    """Where the next record begins; `offset` when there is none."""
    at = offset + 1
    while at + HEAD <= size:
        file.seek(at)
        piece = file.read(PIECE)
        found = heads.next_in(piece)
        if found is not None:
            return at + found
        at += max(1, len(piece) - HEAD + 1)
    return offset


def picture(file: BinaryIO, offset: int, length: int, wall: float, tag: str, index: int) -> bytes:
    """The encoded picture. Raises Refusal when something else stands there now."""
    file.seek(offset)
    head = file.read(HEAD)
    data = file.read(length)
    crc = file.read(TAIL)
    whole = len(head) == HEAD and len(data) == length and len(crc) == TAIL
    if not whole or struct.unpack("<Q", head[:8])[0] != length or not _is_event(data, wall):
        raise Refusal("the event file was replaced since")
    for value_tag, pictures in _values(data):
        if value_tag == tag and index < len(pictures):
            return pictures[index]
    raise Refusal("the event file was replaced since")


def _is_event(data: bytes, wall: float) -> bool:
    for number, value in fields(data):
        if number == 1 and isinstance(value, bytes) and len(value) == 8:
            return abs(_time(value) - wall) < SAME_WALL_S
    return False


def _time(packed: bytes) -> float:
    """Seconds since 1970; 0 for what is no time: NaN, infinity and the like."""
    (wall,) = struct.unpack("<d", packed)
    return float(wall) if 0 <= wall < WALL_MOST else 0.0


def _images(data: bytes, offset: int, length: int) -> list[Tagged]:
    step, wall = 0, 0.0
    try:
        for number, value in fields(data):
            if number == 1 and isinstance(value, bytes):
                wall = _time(value)
            elif number == 2 and isinstance(value, int):
                step = value if value < 1 << 63 else 0
        return [
            Tagged(tag, step, wall, offset, length, min(len(pictures), PICTURES_MOST))
            for tag, pictures in _values(data)
            if pictures
        ]
    except (ValueError, IndexError, struct.error):
        return []


def _values(event: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """The tags of an event with their encoded pictures."""
    for number, summary in fields(event):
        if number != 5 or not isinstance(summary, bytes):
            continue
        for inner, value in fields(summary):
            if inner != 1 or not isinstance(value, bytes):
                continue
            tag, pictures = "", list[int | bytes]()
            for name, content in fields(value):
                if not isinstance(content, bytes):
                    continue
                if name == 1:
                    tag = content[:TAG_LONGEST].decode("utf-8", "replace")
                elif name == 4:
                    pictures = [part for key, part in fields(content) if key == 4 and isinstance(part, bytes)]
                elif name == 8:
                    pictures = _of_tensor(content)
            yield tag, [one for one in pictures if isinstance(one, bytes) and one.startswith(_MAGIC)]


def _of_tensor(tensor: bytes) -> list[int | bytes]:
    """tf.summary.image writes [width, height, picture, picture, …] as strings."""
    kind = next((value for number, value in fields(tensor) if number == 1), 0)
    if kind != DT_STRING:
        return []
    return [value for number, value in fields(tensor) if number == 8][2:]
