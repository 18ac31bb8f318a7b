"""Where an event file is damaged: the first place at which TensorBoard stops reading it."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from expsyncd.eventfiles.framing import HEAD, TAIL, Heads, masked_crc

if TYPE_CHECKING:
    from typing import BinaryIO

PIECE = 1 << 20
CHECKED_MOST = 16 << 20  # bytes of one record; a checksum in Python takes a second for these


def first_damage(file: BinaryIO, *, begin: int = 0, stored: int | None = None) -> int | None:
    """Where the first record that cannot be read begins; None when all can, the last one torn or not.

    `begin`: where a record begins, to read on from there. `stored`: a record with this checksum of its data
    is known to be damaged inside; the checksums of others are not looked at. Raises OSError.
    """
    size = file.seek(0, 2)
    heads = Heads()
    piece, base, at = b"", 0, begin
    while at + HEAD <= size:
        if not base <= at <= base + len(piece) - HEAD:
            base = file.seek(at)
            piece = file.read(PIECE)
            if len(piece) < HEAD:
                return None  # it became shorter meanwhile
        length = heads.length(piece[at - base : at - base + HEAD])
        if length is None:
            return at
        end = at + HEAD + length + TAIL
        if end > size:
            return None
        if stored is not None and _is_damaged(file, at, length, stored):
            return at
        at = end
    return None


def _is_damaged(file: BinaryIO, at: int, length: int, stored: int) -> bool:
    file.seek(at + HEAD + length)
    if file.read(TAIL) != struct.pack("<I", stored):
        return False
    if length > CHECKED_MOST:
        return True
    file.seek(at + HEAD)
    return masked_crc(file.read(length)) != stored
