"""Images kept as arrays (.npy, .npz): no header is believed before it fits the file. For the child."""

from __future__ import annotations

import math
import warnings
import zipfile
from typing import TYPE_CHECKING, Any, BinaryIO

from PIL import Image

from expsyncd.samples.decode import FILE_MOST, PIXELS_MOST, Refusal

if TYPE_CHECKING:
    import numpy as np

MEMBERS_MOST = 1000
PICTURES_MOST = 144
HEADER_MOST = 10_000
_CHANNELS = (1, 3, 4)


def pictures(file: BinaryIO, name: bytes, member: str = "") -> list[Image.Image]:
    """The pictures of an array: one, or one of each in a batch (first axis). Raises Refusal.

    Shapes: (H, W), (H, W, C), (C, H, W), (N, H, W, C), (N, C, H, W) with 1, 3 or 4 channels.
    """
    import numpy as np  # 20 MB that only those pay who have such files

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if name.lower().endswith(b".npz"):
                array = _of_zip(file, member)
            else:
                file.seek(0, 2)
                size = file.tell()
                file.seek(0)
                array = _of_npy(file, size)
            return _shown(np, array)
    except (ValueError, OSError, EOFError, KeyError, SyntaxError, TypeError, zipfile.BadZipFile, RuntimeError,
            NotImplementedError, Warning, RecursionError, OverflowError) as error:  # fmt: skip
        words = " ".join(str(error).split())[:100]
        raise Refusal(f"no array of images: {words}") from None
    except MemoryError:
        raise Refusal("needs too much memory") from None


def _of_npy(file: Any, size: int) -> np.ndarray[Any, Any]:
    import numpy as np
    from numpy.lib import format as npy

    version = npy.read_magic(file)
    read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}.get(version)
    if read_header is None:
        raise Refusal(f"an array of format {version}")
    shape, fortran, kind = read_header(file, max_header_size=HEADER_MOST)
    if kind.hasobject or kind.kind not in "buif":
        raise Refusal("holds no numbers")
    count = math.prod(shape)
    if count * kind.itemsize != size - file.tell():
        raise Refusal("its header does not fit its size")
    if count > 4 * PIXELS_MOST:
        raise Refusal("too many values")
    flat = np.frombuffer(file.read(count * kind.itemsize), dtype=kind)
    return flat.reshape(shape, order="F" if fortran else "C")


def _of_zip(file: BinaryIO, member: str) -> np.ndarray[Any, Any]:
    with zipfile.ZipFile(file) as archive:
        entries = [entry for entry in archive.infolist()[:MEMBERS_MOST] if entry.filename.endswith(".npy")]
        for entry in entries:
            if member and entry.filename != f"{member}.npy":
                continue
            if entry.file_size > FILE_MOST:
                raise Refusal(f"{entry.filename} is larger than {FILE_MOST >> 20} MB")
            with archive.open(entry) as inner:
                array = _of_npy(inner, entry.file_size)
            if len(array.shape) >= 2 or len(entries) == 1:
                return array
    raise Refusal("holds no array of images")


def _shown(np: Any, array: np.ndarray[Any, Any]) -> list[Image.Image]:
    shape = array.shape
    if len(shape) == 4:
        batch = array if shape[-1] in _CHANNELS else array.transpose(0, 2, 3, 1)
    elif len(shape) == 3 and shape[-1] in _CHANNELS:
        batch = array[None]
    elif len(shape) == 3 and shape[0] in _CHANNELS:
        batch = array.transpose(1, 2, 0)[None]
    elif len(shape) == 3:
        batch = array[..., None]  # (N, H, W): a batch of grey ones
    elif len(shape) == 2:
        batch = array[None, ..., None]
    else:
        raise Refusal(f"{len(shape)} axes are no images")
    if batch.shape[-1] not in _CHANNELS or not all(batch.shape):
        raise Refusal(f"the shape {shape} is no image")
    batch = _as_bytes(np, batch[:PICTURES_MOST])
    return [_picture(one) for one in batch]


def _as_bytes(np: Any, batch: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if batch.dtype == np.uint8:
        return batch
    if batch.dtype == bool:
        return batch.astype(np.uint8) * 255
    values = batch.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if not (math.isfinite(low) and math.isfinite(high)):
        raise Refusal("its values are not finite")
    if low >= 0 and high <= 1 and batch.dtype.kind == "f":
        low, high = 0.0, 1.0
    elif low >= -1 and high <= 1 and batch.dtype.kind == "f":
        low, high = -1.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 65535 and batch.dtype.kind == "u":
        low, high = 0.0, 65535.0
    scale = 255.0 / (high - low) if high > low else 0.0
    values -= low
    values *= scale
    values += 0.5
    return values.astype(np.uint8)


def _picture(one: np.ndarray[Any, Any]) -> Image.Image:
    if one.shape[-1] == 1:
        return Image.fromarray(one[..., 0])
    shown = Image.fromarray(one)
    return shown if shown.mode == "RGB" else shown.convert("RGB")
