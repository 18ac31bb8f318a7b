import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from expsyncd.cli.runs_view.elide import cells, cut, elided


@pytest.mark.parametrize(
    ("text", "wide"), [("abc", 3), ("a…b", 3), ("运行", 4), ("é", 1), ("e\u0301", 1), ("", 0)]
)
def test_cells(text, wide):
    assert cells(text) == wide


@pytest.mark.parametrize(
    ("room", "tail", "expected"),
    [
        (11, 0.6, "hello world"),
        (8, 0.6, "hel…orld"),
        (8, 1.0, "…o world"),
        (8, 0.0, "hello w…"),
        (1, 0.6, "…"),
    ],
)
def test_cut(room, tail, expected):
    assert cut("hello world", room, tail) == expected


def test_wide_characters_fit():
    assert cut("运行运行运行", 7) == "运…运行"
    assert cut("运行运行运行", 8, dots="~") == "运~运行"


@pytest.mark.parametrize(
    ("names", "room", "expected"),
    [
        (["gpu/a", "gpu/b"], 10, ["gpu/a", "gpu/b"]),
        (["gpu/experiments/lr1e-3", "gpu/experiments/lr1e-4"], 12, ["gpu/…/lr1e-3", "gpu/…/lr1e-4"]),
        # What differs stands in front.
        (["lr1e-3/experiments/of/may", "lr1e-4/experiments/of/may"], 12, ["lr1e-3/…/may", "lr1e-4/…/may"]),
        # Only the middle differs.
        (
            ["gpu1/experiments_lr1e-3_of_the_great_gan", "gpu1/experiments_lr1e-4_of_the_great_gan"],
            14,
            ["gpu…lr1e-3…gan", "gpu…lr1e-4…gan"],
        ),
    ],
)
def test_names_stay_different(names, room, expected):
    assert elided(names, room) == expected


def test_more_room_only_where_it_must():
    names = [f"run-{number}-{'x' * 30}-{number * 7 % 10}" for number in range(10)]
    short = elided(names, 12)
    assert len(set(short)) == 10
    assert max(map(cells, short)) <= 16


def test_a_number_tells_apart_what_nothing_else_can():
    names = ["a" * 30 + f"{'b' * n}c" + "a" * (30 - n) for n in range(3)]
    short = elided(names, 10, most=10)
    assert len(set(short)) == 3
    assert max(map(cells, short)) <= 12


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.text("ab/_1运", min_size=1, max_size=60), min_size=1, max_size=8, unique=True),
    st.integers(8, 40),
)
def test_never_the_same_never_wider_than_asked(names, room):
    short = elided(names, room, most=60)
    assert len(set(short)) == len(names)
    assert max(map(cells, short)) <= max(60, room) + 3
