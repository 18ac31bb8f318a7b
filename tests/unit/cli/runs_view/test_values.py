import json
import math

import pytest

from expsyncd.cli.runs_view.values import alike, canonical, figure, for_json, listed, number, plain, text_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1e-3", 0.001), ("0.001", 0.001), (" 64 ", 64), ("+.5", 0.5), ("-2.", -2), ("1E5", 1e5), ("inf", math.inf),
        ("-Infinity", -math.inf), ("1_000", None), ("0x10", None), ("", None), ("1e", None), ("true", None),
        ("1 2", None), ("=1", None), ("٣", None), ("--inf", None), ("1e999", math.inf),
    ],
)  # fmt: skip
def test_number(text, expected):
    assert number(text) == expected


def test_nan_is_a_number():
    assert [str(number(text)) for text in ("nan", "NaN")] == ["nan", "nan"]
    assert alike(math.nan, math.nan)
    assert canonical("NaN") == canonical("nan")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1e-3", "0.001", True), ("64", "64.0", True), ("Adam", "'adam'", True), ("True", "true", True),
        ("1e-3", "1e-4", False), ("adam", "adamw", False), ("none", "0", False), ("1", "true", False),
    ],
)  # fmt: skip
def test_canonical(one, other, same):
    assert (canonical(one) == canonical(other)) is same


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""), (0.0, "0"), (0.12345678, "0.1235"), (12.3456, "12.35"), (1234.56, "1235"), (64.0, "64"),
        (1.2e-5, "1.2e-05"), (1.6899, "1.690"), (1e7, "1e+07"), (123456789.0, "1.235e+08"), (math.nan, "NaN"),
        (math.inf, "inf"), (-math.inf, "-inf"), (-0.5, "-0.5"), (999999.5, "1000000"), (12345.6, "12346"), (-1.5, "-1.500"), (1e-300, "1e-300"), (7, "7"),
    ],
)  # fmt: skip
def test_figure(value, text):
    assert figure(value) == text


def test_texts_and_json():
    assert text_of("1e-3") == "1e-3"
    assert text_of(0.5) == "0.5"
    assert plain(' "A b" ') == "a b"
    values = [for_json(value) for value in (math.nan, math.inf, -math.inf, 1.5, "x", None, 3)]
    assert json.dumps(values, allow_nan=False) == '["NaN", "Infinity", "-Infinity", 1.5, "x", null, 3]'
    assert listed(" a\n b ") == ["a", "b"]
