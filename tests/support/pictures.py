"""Sample images for tests: photos that differ, and every hostile kind of file."""

from __future__ import annotations

import io
import os
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops

from expsyncd.samples.frame import Frame, Picture

if TYPE_CHECKING:
    from pathlib import Path


def photo(seed: int, size: tuple[int, int] = (96, 64)) -> Image.Image:
    """More than 256 colours, and no other seed has the same."""
    chance = np.random.default_rng(seed)
    small = Image.fromarray(chance.integers(0, 255, (size[1] // 8, size[0] // 8, 3), dtype=np.uint8))
    return small.resize(size, Image.Resampling.BICUBIC)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def frame(path: Path, number: int, label: str = "") -> Frame:
    """A frame of one file as it is now."""
    seen = os.lstat(path)
    picture = Picture(os.fsencode(path), seen.st_size, seen.st_mtime_ns)
    return Frame((number, 0), label or f"epoch {number}", (picture,), number)


def bomb(side: int) -> bytes:
    """A PNG of zeros, side x side in RGB: few bytes that decode to many."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compressobj(9)
    line = b"\0" * (1 + 3 * side)
    data = b"".join(rows.compress(line) for _ in range(side)) + rows.flush()
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def lying_npy() -> bytes:
    """An array whose header claims 8 GB."""
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (90000, 90000, 1), }"
    header += b" " * (118 - len(header)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + b"\0" * 1000


def pickled_npy() -> bytes:
    """An array of objects, which only pickle reads."""
    file = io.BytesIO()
    np.save(file, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    return file.getvalue()


def hostile() -> dict[bytes, tuple[bytes, str]]:
    """Name to content and a word of the reason for which it is not shown."""
    png, jpeg = encoded(photo(900)), encoded(photo(901), "JPEG")
    gif, webp = encoded(photo(902), "GIF"), encoded(photo(903), "WEBP")
    return {
        b"cut10.png": (png[: len(png) // 10], "cut off"),
        b"cut50.png": (png[: len(png) // 2], "cut off"),
        b"cut99.png": (png[: len(png) * 99 // 100], "cut off"),
        b"cut50.jpg": (jpeg[: len(jpeg) // 2], "cut off"),
        b"cut99.jpg": (jpeg[: len(jpeg) * 99 // 100], "cut off"),
        b"cut50.gif": (gif[: len(gif) // 2], ""),
        b"cut50.webp": (webp[: len(webp) // 2], ""),
        b"zero.png": (b"", "empty"),
        b"nul.png": (b"\0" * 5000, "no image"),
        b"nultail.png": (png[: len(png) // 2] + b"\0" * (len(png) - len(png) // 2), ""),
        b"nultail.jpg": (jpeg[: len(jpeg) // 2] + b"\0" * (len(jpeg) - len(jpeg) // 2), "cut off"),
        b"text.png": (b"epoch,loss\n1,0.5\n", "no image"),
        b"wide.png": (bomb(10_000), "too many"),
        b"lying.npy": (lying_npy(), "does not fit"),
        b"pickle.npy": (pickled_npy(), "no numbers"),
        b"broken.npz": (b"PK\x03\x04" + b"x" * 100, "no array"),
    }


def inverted(image: Image.Image) -> Image.Image:
    return ImageChops.invert(image)
