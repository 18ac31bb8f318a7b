"""Records of event files: where each begins and ends, and where the next good one is after damage. Pure.

As TensorFlow's record_writer frames them: length (8 bytes), its masked CRC-32C, data, its masked CRC-32C.
A record may claim 2^63 bytes, so nothing is read or reserved because a length says so.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

HEAD = 12
TAIL = 4
# protobuf's own limit for a message: what claims more is damage, however good its checksum.
LENGTH_MOST = (1 << 31) - 1
KNOWN_MOST = 50_000  # heads remembered: a hostile file may use another length for each record

_MASK = 0xA282EAD8
_POLYNOMIAL = 0x82F63B78  # CRC-32C (Castagnoli), reflected
_FRAME = struct.Struct("<QI")
_UPPER = b"\0\0\0\0"
_NOTHING = b"\0" * HEAD
_SOMETHING = re.compile(rb"[^\0]")


def _table() -> tuple[int, ...]:
    found = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = (crc >> 1) ^ (_POLYNOMIAL & -(crc & 1))
        found.append(crc)
    return tuple(found)


TABLE = _table()


def masked_crc(data: bytes) -> int:
    """The checksum as records have it: CRC-32C, rotated and shifted."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + _MASK) & 0xFFFFFFFF


def framed(data: bytes) -> bytes:
    """One record."""
    length = struct.pack("<Q", len(data))
    return b"".join(
        (length, struct.pack("<I", masked_crc(length)), data, struct.pack("<I", masked_crc(data)))
    )


@dataclass
class Heads:
    """Lengths out of heads. Few lengths occur, so most checks are one look into a table."""

    _known: dict[bytes, int] = field(default_factory=dict)

    def length(self, head: bytes) -> int | None:
        """How long the data of the record is that begins with these 12 bytes; None when it is no head."""
        found = self._known.get(head)
        if found is not None:
            return found
        if len(head) != HEAD:
            return None
        length, crc = _FRAME.unpack(head)
        if length > LENGTH_MOST or masked_crc(head[:8]) != crc:
            return None
        if len(self._known) >= KNOWN_MOST:
            self._known.clear()
        self._known[head] = length
        return int(length)

    def next_in(self, data: bytes, start: int = 0) -> int | None:
        """Where the first good head at or after `start` begins in `data`; None when there is none.

        The upper half of a length is zero in any record there can be; only such places cost a checksum.
        """
        at = data.find(_UPPER, start + 4)
        while at >= 0 and at + 8 <= len(data):
            head = data[at - 4 : at + 8]
            if head == _NOTHING:
                # A hole: on to where it ends.
                found = _SOMETHING.search(data, at + 8)
                if found is None:
                    return None
                at = data.find(_UPPER, max(at + 1, found.start() - HEAD + 5))
                continue
            if self.length(head) is not None:
                return at - 4
            at = data.find(_UPPER, at + 1)
        return None
