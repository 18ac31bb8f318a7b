"""Animated WebP from independent frames: a quarter of a GIF's size. For the child.

Format: RIFF container with VP8X, ANIM and one ANMF chunk a frame (WebP container specification).
"""

from __future__ import annotations

import hashlib
import io
import struct
from typing import TYPE_CHECKING

from PIL import Image

from expsyncd.samples.compose import GREYS, STRIP, strip
from expsyncd.samples.gif import durations
from expsyncd.samples.put_together import Replacing, append, begins_with

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.samples.look import Look
    from expsyncd.samples.put_together import Encoded

QUALITY = 85
ANIMATED = 0x02
_ANMF_HEAD = 16


def labelled(picture: Image.Image, label: str | None) -> Image.Image:
    """RGB with the strip above it, for formats without palettes."""
    shown = picture.convert("RGB")
    if label is None:
        return shown
    whole = Image.new("RGB", (shown.width, shown.height + STRIP))
    table = [*GREYS, *[0] * (256 - len(GREYS))]
    whole.paste(strip(label, shown.width).point(table).convert("RGB"), (0, 0))
    whole.paste(shown, (0, STRIP))
    return whole


class WebP:
    """See Encoder."""

    def encode(self, picture: Image.Image, label: str | None) -> tuple[bytes, tuple[int, int]]:
        """The image chunk of a still WebP."""
        shown = labelled(picture, label)
        file = io.BytesIO()
        shown.save(file, "WEBP", quality=QUALITY, method=4)
        return _image_chunk(file.getvalue()), shown.size

    def put_together(self, out: Path, frames: Sequence[Encoded], size: tuple[int, int], look: Look) -> bool:
        """One ANMF chunk a frame around the image chunks."""
        times = [centiseconds * 10 for centiseconds in durations(len(frames), look.fps, look.held_s)]
        made_of = hashlib.sha256(repr([(f.path.name, f.length) for f in frames] + times).encode()).digest()
        body = sum(8 + _ANMF_HEAD + frame.length for frame in frames)
        head = b"WEBP" + _chunk(
            b"VP8X", struct.pack("<B3x", ANIMATED) + _three(size[0] - 1) + _three(size[1] - 1)
        )
        head += _chunk(b"ANIM", struct.pack("<IH", 0xFFFFFFFF, 0)) + _chunk(b"exps", made_of)
        head = b"RIFF" + struct.pack("<I", len(head) + body) + head
        if begins_with(out, head):
            return False
        with Replacing(out) as file:
            file.write(head)
            for frame, milliseconds in zip(frames, times, strict=True):
                file.write(b"ANMF" + struct.pack("<I", _ANMF_HEAD + frame.length) + _three(0) + _three(0))
                file.write(_three(size[0] - 1) + _three(size[1] - 1) + _three(milliseconds) + b"\x02")
                append(file, frame)
        return True


def _image_chunk(file: bytes) -> bytes:
    at = 12
    while at < len(file):
        kind, length = file[at : at + 4], struct.unpack("<I", file[at + 4 : at + 8])[0]
        end = at + 8 + length + length % 2
        if kind in (b"VP8 ", b"VP8L"):
            return file[at:end]
        at = end
    raise ValueError("a WebP without an image")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\x00" * (len(data) % 2)


def _three(number: int) -> bytes:
    return struct.pack("<I", number)[:3]
