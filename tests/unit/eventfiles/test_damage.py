"""The first place that cannot be read, found as TensorBoard finds it."""

import io
import struct

import pytest

from expsyncd.eventfiles.damage import PIECE, first_damage
from expsyncd.eventfiles.framing import framed, masked_crc

RECORDS = [b"first", b"", b"x" * 300, b"last one"]
SOUND = b"".join(framed(record) for record in RECORDS)
THIRD = 16 * 2 + 5  # where the third record begins


def flipped(at, content=SOUND):
    return content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]


@pytest.mark.parametrize(
    ("content", "damage"),
    [
        (b"", None),
        (SOUND, None),
        (SOUND[:-1], None),  # torn: the rest may come
        (SOUND + bytes(11), None),
        (SOUND + bytes(12), len(SOUND)),  # a hole of a network file system
        (SOUND + bytes(5000), len(SOUND)),
        (SOUND + b"no record at all", len(SOUND)),
        (b"PNG, not an event file", 0),
        (flipped(THIRD), THIRD),  # the length
        (flipped(THIRD + 7), THIRD),
        (flipped(THIRD + 8), THIRD),  # its checksum
        (flipped(THIRD + 12), None),  # the data: nobody looks unless asked
        (SOUND[:THIRD] + SOUND[THIRD + 1 :], THIRD),
        (SOUND + struct.pack("<QI", 1 << 40, masked_crc(struct.pack("<Q", 1 << 40))), len(SOUND)),
    ],
)
def test_frames(content, damage):
    assert first_damage(io.BytesIO(content)) == damage


def test_damage_inside_a_record_is_found_by_its_checksum():
    stored = masked_crc(RECORDS[2])
    assert first_damage(io.BytesIO(flipped(THIRD + 12)), stored=stored) == THIRD
    assert first_damage(io.BytesIO(SOUND), stored=stored) is None
    assert first_damage(io.BytesIO(flipped(THIRD + 12)), stored=1) is None


def test_reading_on_from_a_record():
    content = flipped(20, SOUND) + SOUND
    assert first_damage(io.BytesIO(content), begin=THIRD) is None
    assert first_damage(io.BytesIO(SOUND + bytes(20)), begin=len(SOUND)) == len(SOUND)


def unchecked(length):
    """A long record, without the checksum of its data, which takes long to make."""
    packed = struct.pack("<Q", length)
    return packed + struct.pack("<I", masked_crc(packed)) + bytes(length + 4)


def test_records_over_pieces_of_reading():
    # Heads that lie across the border of a piece, and records longer than one.
    for shift in range(1, 30):
        content = unchecked(PIECE - 16 - shift) + SOUND + unchecked(3 * PIECE) + SOUND
        assert first_damage(io.BytesIO(content)) is None
        assert first_damage(io.BytesIO(content + bytes(12))) == len(content)
