"""Puts pictures together: several as a grid, any size into the canvas, the label above. For the child."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from collections.abc import Sequence

PADDING = 2  # pixels between pictures, as make_grid lays them
BETWEEN = 8  # pixels between panels
STRIP = 20  # pixels above the picture
TEXT_SIZE = 13
# Paper, two greys for smooth letters, ink: the strip's own colours in each palette.
GREYS = (255, 170, 85, 0)
SIDE_MOST = 4096  # of a grid, before it is scaled to the canvas


def grid(pictures: Sequence[Image.Image], ground: tuple[int, int, int]) -> Image.Image:
    """Near-square, in order, `PADDING` around each, as torchvision's make_grid with nrow=ceil(sqrt(n))."""
    if len(pictures) == 1:
        return pictures[0]
    columns = math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    width = max(picture.width for picture in pictures)
    height = max(picture.height for picture in pictures)
    shrink = min(1.0, SIDE_MOST / (columns * (width + PADDING)), SIDE_MOST / (rows * (height + PADDING)))
    width, height = max(1, int(width * shrink)), max(1, int(height * shrink))
    mode = "L" if all(picture.mode == "L" for picture in pictures) else "RGB"
    black = 0 if mode == "L" else (0, 0, 0)
    whole = Image.new(
        mode, (columns * (width + PADDING) + PADDING, rows * (height + PADDING) + PADDING), black
    )
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        fitted = fit(picture, (width, height), ground).convert(mode)
        whole.paste(fitted, (PADDING + column * (width + PADDING), PADDING + row * (height + PADDING)))
    return whole


def canvas_of(size: tuple[int, int], widest: int) -> tuple[int, int]:
    """The canvas for a series whose first picture has this size."""
    width, height = size
    scale = min(1.0, widest / width, 2 * widest / height)
    if scale < 1.0:
        width, height = max(1, round(width * scale)), max(1, round(height * scale))
    return width, height


def fit(picture: Image.Image, canvas: tuple[int, int], ground: tuple[int, int, int]) -> Image.Image:
    """As large as the canvas allows, never distorted; what is left over shows `ground`."""
    if picture.size == canvas:
        return picture
    scale = min(canvas[0] / picture.width, canvas[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    # Small ones are enlarged as they are: pixels are what one wants to see of a 32 x 32 sample.
    how = Image.Resampling.NEAREST if scale >= 1 else Image.Resampling.LANCZOS
    scaled = picture if size == picture.size else picture.resize(size, how)
    if size == canvas:
        return scaled
    grey = scaled.mode == "L" and len(set(ground)) == 1
    whole = Image.new("L" if grey else "RGB", canvas, ground[0] if grey else ground)
    whole.paste(scaled, ((canvas[0] - size[0]) // 2, (canvas[1] - size[1]) // 2))
    return whole


def strip(label: str, width: int) -> Image.Image:
    """The label as an L picture of `STRIP` rows that holds the values 0 to 3 only: places in GREYS."""
    drawn = Image.new("L", (width, STRIP), 255)
    font = _font()
    text = label
    draw = ImageDraw.Draw(drawn)
    while text and draw.textlength(text, font=font) > width - 6:
        text = text[1:]  # the end, the step, says more than the beginning
    draw.text((4, STRIP // 2), text, fill=0, font=font, anchor="lm")
    return drawn.point([3 - round(value / 85) for value in range(256)])


def side_by_side(panels: Sequence[tuple[str, Image.Image]], ground: tuple[int, int, int]) -> Image.Image:
    """One row of panels of one height, each with its name above it."""
    height = max(panel.height for _, panel in panels)
    shown = []
    for name, panel in panels:
        width = max(1, round(panel.width * height / panel.height))
        fitted = fit(panel, (width, height), ground).convert("RGB")
        whole = Image.new("RGB", (width, height + STRIP), ground)
        table = [*GREYS, *[0] * (256 - len(GREYS))]
        whole.paste(strip(name, width).point(table).convert("RGB"), (0, 0))
        whole.paste(fitted, (0, STRIP))
        shown.append(whole)
    row = Image.new(
        "RGB", (sum(panel.width for panel in shown) + BETWEEN * (len(shown) - 1), height + STRIP), ground
    )
    left = 0
    for panel in shown:
        row.paste(panel, (left, 0))
        left += panel.width + BETWEEN
    return row


_fonts: list[ImageFont.FreeTypeFont | ImageFont.ImageFont] = []


def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    if not _fonts:
        _fonts.append(ImageFont.load_default(TEXT_SIZE))
    return _fonts[0]
