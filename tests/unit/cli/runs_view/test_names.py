import pytest

from expsyncd.cli.runs_view.names import fitting, one_of, several_of
from expsyncd.errors import Error

NAMES = [
    "gpu1/gan/lr1e-3", "gpu1/gan/lr1e-4", "gpu1/gan/lr1e-4_long", "gpu2/gan/lr1e-3", "gpu2/unet", "gpu2/odd[1]",
]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], NAMES),
        (["unet"], ["gpu2/unet"]),
        (["gpu1/*"], NAMES[:3]),
        (["lr1e-?"], ["gpu1/gan/lr1e-3", "gpu1/gan/lr1e-4", "gpu2/gan/lr1e-3"]),
        (["gan/*long"], ["gpu1/gan/lr1e-4_long"]),
        (["[1]"], ["gpu2/odd[1]"]),
        (["unet", "odd"], ["gpu2/unet", "gpu2/odd[1]"]),
        (["UNET"], []),
    ],
)
def test_fitting(words, expected):
    assert fitting(NAMES, words) == expected


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("gpu2/unet", "gpu2/unet"),
        ("unet", "gpu2/unet"),
        ("net", "gpu2/unet"),
        ("gpu1/gan/lr1e-4", "gpu1/gan/lr1e-4"),  # also a part of another one
        ("lr1e-4", "gpu1/gan/lr1e-4"),
        ("long", "gpu1/gan/lr1e-4_long"),
        ("1e-4_l", "gpu1/gan/lr1e-4_long"),
        ("gpu1/gan/*-3", "gpu1/gan/lr1e-3"),
        ("odd[1]", "gpu2/odd[1]"),
    ],
)
def test_one_of(word, expected):
    assert one_of(NAMES, word) == expected


def test_several_candidates_are_told():
    with pytest.raises(Error) as error:
        one_of(NAMES, "lr1e-3")
    assert error.value.title == "lr1e-3 may be 2 runs"
    assert error.value.advice == "say which: gpu1/gan/lr1e-3, gpu2/gan/lr1e-3"
    many = [f"gpu1/run{number}" for number in range(9)]
    with pytest.raises(Error, match="9 runs") as error:
        one_of(many, "run")
    assert error.value.advice.endswith("gpu1/run5 and 3 more")


def test_the_nearest_names_are_told():
    with pytest.raises(Error) as error:
        one_of(NAMES, "unte")
    assert (error.value.title, error.value.advice) == ("no run unte", "the nearest: gpu2/unet")
    with pytest.raises(Error) as error:
        one_of(NAMES, "zzzzzzzz")
    assert error.value.advice == "`expsyncd runs` lists all 6"
    with pytest.raises(Error, match="no runs yet"):
        one_of([], "a")
    with pytest.raises(Error, match="no run is named"):
        one_of(NAMES, "")


def test_several_of():
    assert several_of(NAMES, ["unet", "gpu1/*", "gpu2/unet"]) == ["gpu2/unet", *NAMES[:3]]
    with pytest.raises(Error, match="no run nothing"):
        several_of(NAMES, ["unet", "nothing*"[:-1]])
    with pytest.raises(Error, match="no run no\\*"):
        several_of(NAMES, ["no*"])
