"""From an image file, which nobody vouches for, to pixels. Runs in a child process under limits.

Pillow's own pixel cap only warns, its `verify` passes half a JPEG, and its decoders fill what is missing of a
truncated file with grey (measured): so sizes are checked before, ends are looked for, and `load` decides.
"""

from __future__ import annotations

import math
import os
import stat
from typing import TYPE_CHECKING, BinaryIO

from PIL import Image, ImageFile, UnidentifiedImageError

from expsyncd.mirror.scan import changed_ns

if TYPE_CHECKING:
    from expsyncd.samples.frame import Picture

FILE_MOST = 256 << 20  # bytes
PIXELS_MOST = 40_000_000  # 160 MB decoded
SIDE_MOST = 30_000
FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF")
# What decoders raise for damaged headers, beside OSError, SyntaxError and ValueError.
DAMAGED = (
    KeyError, IndexError, TypeError, AttributeError, ArithmeticError, AssertionError, RuntimeError,
)  # fmt: skip
_TAIL = 64
_ENDS = {"JPEG": b"\xff\xd9", "GIF": b"\x3b"}
_ORIENTATION = 0x0112  # of EXIF; Pillow turns TIFF itself
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
_PNG_END = b"IEND\xaeB`\x82"

Image.MAX_IMAGE_PIXELS = None  # ours is lower, and an error
ImageFile.LOAD_TRUNCATED_IMAGES = False


class Refusal(Exception):  # noqa: N818 - no failure of ours: the file is not to be shown
    """Why a file is not part of an animation; `path` is set where a frame has several."""

    def __init__(self, reason: str, path: bytes = b"") -> None:
        super().__init__(reason)
        self.reason = reason
        self.path = path


def opened(picture: Picture) -> BinaryIO:
    """The file, if it is a regular one and still as it was seen. Raises Refusal."""
    try:
        # Not through a link, and a pipe must not make us wait for its writer.
        number = os.open(picture.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise Refusal(f"cannot be opened: {error.strerror}") from None
    file = os.fdopen(number, "rb")
    found = os.fstat(number)
    reason = ""
    if not stat.S_ISREG(found.st_mode):
        reason = "no regular file"
    elif found.st_size == 0:
        reason = "empty"
    elif found.st_size > FILE_MOST and not picture.member:
        reason = f"larger than {FILE_MOST >> 20} MB"
    elif not picture.member and (found.st_size, changed_ns(found)) != (picture.size, picture.mtime_ns):
        reason = "changed while it was looked at"
    if reason:
        file.close()
        raise Refusal(reason)
    return file


def decoded(file: BinaryIO, ground: tuple[int, int, int]) -> Image.Image:
    """The picture (first one of several) as L or RGB. Raises Refusal."""
    try:
        with Image.open(file, formats=FORMATS) as image:
            width, height = image.size
            if width * height > PIXELS_MOST or max(width, height) > SIDE_MOST:
                raise Refusal(f"{width} x {height} pixels are too many")
            if image.format == "GIF" and getattr(image, "n_frames", 1) > 1:
                image.seek(0)
            image.load()
            whole = _ends_well(file, image.format or "")
            if not whole:
                raise Refusal("cut off: its end is missing")
            return plain(upright(image), ground)
    except UnidentifiedImageError:
        raise Refusal("no image that can be read") from None
    except MemoryError:
        raise Refusal("needs too much memory") from None
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, EOFError, OverflowError) as error:
        raise Refusal(_shortened(error)) from None
    except DAMAGED as error:
        raise Refusal(f"damaged ({type(error).__name__})") from None


def _shortened(error: Exception) -> str:
    words = " ".join(str(error).split())[:120]
    if "truncated" in words:
        return "cut off: its end is missing"
    return words or f"damaged ({type(error).__name__})"


def _ends_well(file: BinaryIO, kind: str) -> bool:
    """Decoders are content without an end; a file that is still being written has none."""
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    if kind == "PNG":
        return _PNG_END in tail
    if kind in _ENDS:
        return tail.rstrip(b"\0").endswith(_ENDS[kind])
    return True


def upright(image: Image.Image) -> Image.Image:
    """Turned as its EXIF says, as browsers show it; damage there is no reason to show nothing."""
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # noqa: BLE001 - struct raises its own, and tags may hold anything
        turn = None
    return image if turn is None else image.transpose(turn)


def plain(image: Image.Image, ground: tuple[int, int, int]) -> Image.Image:
    """As L or RGB, whatever it was: deep ones scaled, transparent ones over `ground`."""
    mode = image.mode
    if mode in ("I;16", "I;16L", "I;16B", "I;16N", "I"):
        return _of_integers(image.convert("I"), always_deep=mode != "I")
    if mode == "F":
        return _of_floats(image)
    if mode in ("1", "L"):
        return image.convert("L")
    if mode in ("RGBA", "LA", "La", "RGBa", "PA") or "transparency" in image.info:
        shown = image.convert("RGBA")
        if shown.getchannel("A").getextrema() == (255, 255):
            return shown.convert("RGB")
        under = Image.new("RGBA", shown.size, (*ground, 255))
        return Image.alpha_composite(under, shown).convert("RGB")
    if mode == "P" and image.palette is not None and _is_grey(image):
        return image.convert("L")
    return image.convert("RGB")


def _is_grey(image: Image.Image) -> bool:
    values = image.getpalette() or []
    return all(values[at] == values[at + 1] == values[at + 2] for at in range(0, len(values) - 2, 3))


def _of_integers(image: Image.Image, *, always_deep: bool) -> Image.Image:
    low, high = (int(value) for value in image.getextrema())  # type: ignore[arg-type] # one band
    if always_deep or (255 < high <= 65535 and low >= 0):
        return image.point(lambda value: value * (1 / 256) + 0).convert("L")
    if low >= 0 and high <= 255:
        return image.convert("L")
    return _spread(image.convert("F"), low, high)


def _of_floats(image: Image.Image) -> Image.Image:
    low, high = (float(value) for value in image.getextrema())  # type: ignore[arg-type] # one band
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Refusal("its values are not finite")
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low >= -1 and high <= 1:
        low, high = -1.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    return _spread(image, low, high)


def _spread(image: Image.Image, low: float, high: float) -> Image.Image:
    scale = 255.0 / (high - low) if high > low else 0.0
    return image.point(lambda value: value * scale + (0.5 - low * scale)).convert("L")
