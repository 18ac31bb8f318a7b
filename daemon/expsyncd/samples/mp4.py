"""MP4 from frames that were encoded once each: packets are put together again. For the child; needs `av`.

Every frame is a key frame, so any moment can be sought; the index stands first, so browsers begin at once.
"""

from __future__ import annotations

import hashlib
import io
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import av

from expsyncd.samples.gif import durations
from expsyncd.samples.put_together import Replacing
from expsyncd.samples.webp import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from PIL import Image

    from expsyncd.samples.look import Look
    from expsyncd.samples.put_together import Encoded

CLOCK = Fraction(1, 1000)
OPTIONS = {"crf": "20", "preset": "veryfast", "g": "1", "tune": "stillimage"}


class Mp4:
    """See Encoder."""

    def encode(self, picture: Image.Image, label: str | None) -> tuple[bytes, tuple[int, int]]:
        """The setup bytes of H.264 with their length before them, and the packet of one key frame."""
        shown = labelled(picture, label)
        even = (shown.width + shown.width % 2, shown.height + shown.height % 2)
        if even != shown.size:
            padded = shown.crop((0, 0, *even))
            padded.paste(shown, (0, 0))
            shown = padded
        with av.open(io.BytesIO(), "w", format="mp4") as container:
            stream = _stream(container, even)
            packets = [
                *stream.encode(_picture(shown)),
                *stream.encode(None),
            ]
            setup = bytes(stream.codec_context.extradata or b"")
        data = b"".join(bytes(packet) for packet in packets)
        return struct.pack("<I", len(setup)) + setup + data, even

    def put_together(self, out: Path, frames: Sequence[Encoded], size: tuple[int, int], look: Look) -> bool:
        """Remux; nothing is encoded. An animation of the same frames is told by a comment."""
        times = [centiseconds * 10 for centiseconds in durations(len(frames), look.fps, look.held_s)]
        made_of = hashlib.sha256(repr([(f.path.name, f.length) for f in frames] + times).encode()).hexdigest()
        with (
            Replacing(out) as file,
            av.open(file, "w", format="mp4", options={"movflags": "faststart"}) as whole,
        ):
            whole.metadata["comment"] = made_of
            stream = _stream(whole, size)
            shown_at = 0
            for frame, milliseconds in zip(frames, times, strict=True):
                setup, data = _parts(frame)
                if shown_at == 0:
                    stream.codec_context.extradata = setup
                packet = av.Packet(data)
                packet.stream = stream
                packet.time_base = CLOCK
                packet.pts = packet.dts = shown_at
                packet.duration = milliseconds
                packet.is_keyframe = True
                whole.mux(packet)
                shown_at += milliseconds
        return True


def _stream(container: Any, size: tuple[int, int]) -> Any:
    stream = container.add_stream("libx264", rate=25, options=OPTIONS)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.time_base = CLOCK
    return stream


def _parts(frame: Encoded) -> tuple[bytes, bytes]:
    with frame.path.open("rb") as file:
        file.seek(frame.offset)
        data = file.read(frame.length)
    (length,) = struct.unpack("<I", data[:4])
    return data[4 : 4 + length], data[4 + length :]


def _picture(shown: Image.Image) -> Any:
    typed: Any = av.VideoFrame
    return typed.from_image(shown).reformat(format="yuv420p")
