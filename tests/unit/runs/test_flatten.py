"""Nested settings by hand."""

from typing import Any

from expsyncd.runs.flatten import DEEPEST, NAME_LONGEST, SETTINGS_MOST, TEXT_READ, flattened


def test_names_and_texts():
    found, left_out = flattened(
        {
            "opt": {"lr": "1e-3", "betas": ["0.9", "0.999"]},
            "amp": True,
            "seed": None,
            "n": 3,
            "empty": {},
            "l": [],
        }
    )
    assert found == {
        "opt.lr": "1e-3", "opt.betas": "[0.9, 0.999]", "amp": "true", "seed": "null", "n": "3", "empty": "{}",
        "l": "[]",
    }  # fmt: skip
    assert left_out == ""


def test_lists_of_more_are_numbered():
    assert flattened({"layers": [{"k": 3}, {"k": 5}]})[0] == {"layers.0.k": "3", "layers.1.k": "5"}
    assert len(flattened({"long": list(range(40))})[0]) == 40


def test_depth_number_and_length_are_bounded():
    deep: Any = "end"
    for _ in range(DEEPEST + 5):
        deep = {"a": deep}
    assert flattened({"x": 1, "deep": deep}) == ({"x": "1"}, f"more than {DEEPEST} levels")
    found, left_out = flattened({str(n): n for n in range(SETTINGS_MOST + 1)})
    assert (len(found), left_out) == (SETTINGS_MOST, f"more than {SETTINGS_MOST} settings")
    ((name, text),) = flattened({"n" * 500: "t" * 5000})[0].items()
    assert (len(name), len(text)) == (NAME_LONGEST, TEXT_READ)


def test_what_refers_to_itself_ends():
    around: dict[str, Any] = {"a": 1}
    around["self"] = around
    assert flattened(around)[1] == f"more than {DEEPEST} levels"
    wide: list[Any] = ["x"] * 100
    for _ in range(20):
        wide = [wide] * 100
    assert flattened(wide)[1]
