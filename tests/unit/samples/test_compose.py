import pytest
from PIL import Image

from expsyncd.samples.compose import PADDING, STRIP, canvas_of, fit, grid, side_by_side, strip

WHITE = (255, 255, 255)


def block(value, size=(4, 4)):
    return Image.new("RGB", size, (value, value, value + 1))


@pytest.mark.parametrize(
    ("count", "columns", "rows"), [(2, 2, 1), (4, 2, 2), (5, 3, 2), (16, 4, 4), (64, 8, 8)]
)
def test_a_grid_is_near_square_in_order_with_padding(count, columns, rows):
    whole = grid([block(n) for n in range(count)], WHITE)
    assert whole.size == (columns * (4 + PADDING) + PADDING, rows * (4 + PADDING) + PADDING)
    for n in range(count):
        row, column = divmod(n, columns)
        at = (PADDING + column * (4 + PADDING), PADDING + row * (4 + PADDING))
        assert whole.getpixel(at) == (n, n, n + 1)
    assert whole.getpixel((0, 0)) == (0, 0, 0)


def test_one_picture_is_no_grid():
    only = block(1)
    assert grid([only], WHITE) is only


def test_a_grid_of_huge_pictures_stays_bounded():
    assert max(grid([Image.new("L", (3000, 2000))] * 9, WHITE).size) <= 4200


def test_the_canvas_is_the_first_size_within_the_width():
    assert canvas_of((530, 530), 1024) == (530, 530)
    assert canvas_of((2048, 1024), 1024) == (1024, 512)
    assert canvas_of((10, 100_000), 1024) == (1, 2048)


def test_another_size_is_letterboxed_and_never_distorted():
    red = Image.new("RGB", (20, 10), (255, 0, 0))
    whole = fit(red, (40, 40), (0, 0, 255))
    assert whole.size == (40, 40)
    assert whole.getpixel((20, 20)) == (255, 0, 0)
    assert whole.getpixel((20, 2)) == (0, 0, 255)
    assert fit(red, (20, 10), WHITE) is red


def test_the_label_shows_its_end_when_it_is_too_long():
    assert strip("epoch 12", 200).size == (200, STRIP)
    assert set(strip("epoch 12", 200).get_flattened_data()) <= {0, 1, 2, 3}
    # what fits of the long one is its end: the same as that end alone
    assert (
        strip("x" * 500 + " 7", 60).crop((30, 0, 60, STRIP)).tobytes()
        != strip("x" * 500, 60).crop((30, 0, 60, STRIP)).tobytes()
    )


def test_side_by_side_has_one_height_and_a_name_each():
    row = side_by_side([("a", Image.new("RGB", (10, 20))), ("b", Image.new("RGB", (30, 10)))], WHITE)
    assert row.height == 20 + STRIP
    assert row.width == 10 + 8 + 60
