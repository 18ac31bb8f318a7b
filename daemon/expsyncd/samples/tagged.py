"""Images inside event files: found by framing and a few protobuf fields, read one at a time. For the child.

Framing as TensorFlow's record_writer: length, its masked CRC32C, data, its masked CRC32C. A record may claim
2^40 bytes, so every length is bounded by the file; CRCs are checked where it matters: in Python they cost ten
times as much as all the rest. Fields as event.proto and summary.proto.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, BinaryIO

from expsyncd.samples.decode import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD = 12
TAIL = 4
SMALLEST = 120  # bytes; a record with an image is larger
LARGEST = 64 << 20
PICTURES_MOST = 144
TAG_LONGEST = 300
DT_STRING = 7
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM")
SAME_WALL_S = 1e-5  # nanoseconds and back
_MASK = 0xA282EAD8


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


def scan(file: BinaryIO, offset: int, most: int) -> Scan:
    """Read records from `offset` on, about `most` bytes of them; a last one that is not whole yet stays."""
    file.seek(0, 2)
    size = file.tell()
    result = Scan(offset=offset)
    checked = False
    while result.offset + HEAD <= size and result.offset - offset < most:
        file.seek(result.offset)
        (length,) = struct.unpack("<Q", (head := file.read(HEAD))[:8])
        if not checked or length > LARGEST:
            if masked_crc(head[:8]) != struct.unpack("<I", head[8:])[0]:
                result.broken = True
                return result
            checked = True
        if result.offset + HEAD + length + TAIL > size:
            break
        if SMALLEST <= length <= LARGEST:
            result.found += _images(file.read(length), result.offset, length)
        result.offset += HEAD + length + TAIL
    return result


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


def masked_crc(data: bytes) -> int:
    """As records have it: CRC-32C (Castagnoli, reflected 0x82F63B78), rotated and shifted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (0x82F63B78 & -(crc & 1))
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def _is_event(data: bytes, wall: float) -> bool:
    for number, value in _fields(data):
        if number == 1 and isinstance(value, bytes) and len(value) == 8:
            return abs(float(struct.unpack("<d", value)[0]) - wall) < SAME_WALL_S
    return False


def _images(data: bytes, offset: int, length: int) -> list[Tagged]:
    step, wall = 0, 0.0
    try:
        for number, value in _fields(data):
            if number == 1 and isinstance(value, bytes):
                (wall,) = struct.unpack("<d", value)
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
    for number, summary in _fields(event):
        if number != 5 or not isinstance(summary, bytes):
            continue
        for inner, value in _fields(summary):
            if inner != 1 or not isinstance(value, bytes):
                continue
            tag, pictures = "", list[int | bytes]()
            for name, content in _fields(value):
                if not isinstance(content, bytes):
                    continue
                if name == 1:
                    tag = content[:TAG_LONGEST].decode("utf-8", "replace")
                elif name == 4:
                    pictures = [
                        part for key, part in _fields(content) if key == 4 and isinstance(part, bytes)
                    ]
                elif name == 8:
                    pictures = _of_tensor(content)
            yield tag, [one for one in pictures if isinstance(one, bytes) and one.startswith(_MAGIC)]


def _of_tensor(tensor: bytes) -> list[int | bytes]:
    """tf.summary.image writes [width, height, picture, picture, …] as strings."""
    kind = next((value for number, value in _fields(tensor) if number == 1), 0)
    if kind != DT_STRING:
        return []
    return [value for number, value in _fields(tensor) if number == 8][2:]


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Number and value of each field of a message. Raises ValueError and IndexError for what is none."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        kind = key & 7
        if kind == 0:
            number, at = _varint(data, at)
            yield key >> 3, number
            continue
        if kind == 2:
            length, at = _varint(data, at)
        elif kind in (1, 5):
            length = 8 if kind == 1 else 4
        else:
            raise ValueError("no protobuf")
        if length > len(data) - at:
            raise ValueError("longer than its message")
        yield key >> 3, data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift > 63:
            raise ValueError("no number")
