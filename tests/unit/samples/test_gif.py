import io

import numpy as np
import pytest
from PIL import Image, ImageChops

from expsyncd.samples import gif
from expsyncd.samples.compose import STRIP


def photo(seed=1, size=(120, 90)):
    noise = Image.effect_noise((size[0] // 6, size[1] // 6), 60 + seed).resize(size)
    return Image.merge("RGB", (noise, ImageChops.invert(noise), noise.rotate(180)))


def whole(blocks, fps=8.0, held_s=2.0):
    times = gif.durations(len(blocks), fps, held_s)
    body = b"".join(gif.control(time) + block for (block, _), time in zip(blocks, times, strict=True))
    return Image.open(io.BytesIO(gif.header(blocks[0][1]) + gif.comment("x") + body + gif.TRAILER))


def far(one, other):
    pixels = [np.asarray(image.convert("RGB"), dtype=int) for image in (one, other)]
    return int(np.abs(pixels[0] - pixels[1]).max())


EXACT = {
    "grey": Image.effect_noise((64, 48), 50),
    "grey in colour": Image.merge("RGB", [Image.effect_noise((64, 48), 50)] * 3),
    "one colour": Image.new("RGB", (64, 48), (1, 2, 3)),
    "200 colours": photo().quantize(200).convert("RGB"),
    "252 colours": photo().quantize(252).convert("RGB"),
    "256 colours": photo().quantize(256).convert("RGB"),
    "one pixel": Image.new("RGB", (1, 1), (9, 8, 7)),
}


@pytest.mark.parametrize("name", EXACT)
def test_up_to_256_colours_and_all_greys_are_exact(name):
    assert far(whole([gif.block(EXACT[name], None)]), EXACT[name]) == 0


@pytest.mark.parametrize("name", [name for name in EXACT if name != "one pixel"])
def test_with_a_label_the_picture_stays_exact_below_it(name):
    picture = EXACT[name]
    shown = whole([gif.block(picture, "epoch 12")]).convert("RGB")
    assert shown.size == (picture.width, picture.height + STRIP)
    below = shown.crop((0, STRIP, picture.width, picture.height + STRIP))
    assert far(below, picture) == 0
    assert len(shown.crop((0, 0, picture.width, STRIP)).getcolors()) > 1, "something is written there"


def test_a_photo_is_near():
    picture = photo(size=(256, 256))
    assert far(whole([gif.block(picture, None)]), picture) < 40


def test_frames_are_independent_and_in_order():
    pictures = [Image.new("RGB", (20, 10), (n, 2 * n, 255 - n)) for n in range(5)]
    shown = whole([gif.block(picture, None) for picture in pictures], fps=4, held_s=3)
    assert shown.n_frames == 5
    times = []
    for number, picture in enumerate(pictures):
        shown.seek(number)
        assert far(shown, picture) == 0
        times.append(shown.info["duration"])
    assert times == [250, 250, 250, 250, 3000]
    assert shown.info["loop"] == 0


def test_the_pace_is_kept_though_gif_counts_in_hundredths():
    times = list(gif.durations(81, 8, 0))
    assert sum(times[:80]) == 1000
    assert set(times) <= {12, 13}
