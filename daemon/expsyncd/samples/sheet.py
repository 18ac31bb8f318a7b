"""A contact sheet: up to 24 frames of an animation over its steps, each with its label. For the child."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image

from expsyncd.samples import gif

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.samples.put_together import Encoded

CELLS = 24
COLUMNS = 6
CELL_WIDTH = 256
GAP = 6


def write_sheet(out: Path, frames: Sequence[Encoded], size: tuple[int, int]) -> None:
    """Evenly over the frames, the first and the last among them. Raises OSError."""
    count = min(CELLS, len(frames))
    chosen = sorted({round(number * (len(frames) - 1) / max(1, count - 1)) for number in range(count)})
    scale = min(1.0, CELL_WIDTH / size[0])
    cell = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    columns = min(COLUMNS, len(chosen))
    rows = -(-len(chosen) // columns)
    sheet = Image.new("RGB", (columns * (cell[0] + GAP) + GAP, rows * (cell[1] + GAP) + GAP), "white")
    for place, number in enumerate(chosen):
        row, column = divmod(place, columns)
        with _picture(frames[number], size) as picture:
            shown = picture.convert("RGB")
        if shown.size != cell:
            shown = shown.resize(cell, Image.Resampling.LANCZOS)
        sheet.paste(shown, (GAP + column * (cell[0] + GAP), GAP + row * (cell[1] + GAP)))
    temporary = out.with_name(f".{out.name[:200]}.new")
    sheet.save(temporary, "PNG", compress_level=3)
    temporary.replace(out)


def _picture(frame: Encoded, size: tuple[int, int]) -> Image.Image:
    with frame.path.open("rb") as file:
        file.seek(frame.offset)
        block = file.read(frame.length)
    return Image.open(io.BytesIO(gif.header(size) + gif.control(10) + block + gif.TRAILER), formats=("GIF",))
