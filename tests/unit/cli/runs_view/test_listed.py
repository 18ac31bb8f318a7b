from hypothesis import given
from hypothesis import strategies as st

from expsyncd.cli.runs_view.columns import differing, in_turn, metrics
from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.fields import Field, find
from expsyncd.cli.runs_view.grid import lines
from expsyncd.cli.runs_view.listed import Listing, cell, head
from expsyncd.cli.runs_view.values import harmless
from support.catalogues import NOW
from support.runs import seen

LOSS = Field("val/loss", "last", (("val/loss",),))
LR = Field("lr", "setting", (("lr",),))


def runs():
    return [
        seen("gpu1/gan/a", {"lr": "1e-3"}, {"val/loss": [(1, 0.123456)]}, state="growing", step=1234),
        seen(
            "gpu2/gan/b",
            {"lr": "3e-4"},
            {"val/loss": [(1, float("nan"))]},
            state="failed",
            newest_at=NOW - 90000,
        ),
        seen("gpu2/gan/c", {}, {}, state="gone", step=None, newest_at=None),
    ]


def test_a_list():
    made, left = Listing(runs(), NOW, 80).chosen([LOSS, LR])
    assert left == 0
    assert lines(made) == [
        "STATE    RUN         STEP  AGE  val/loss    lr",
        "growing  gpu1/gan/a  1234   1m    0.1235  1e-3",
        "failed   gpu2/gan/b   100   1d       NaN  3e-4",
        "gone     gpu2/gan/c",
    ]
    assert "\x1b[31mfailed\x1b[0m" in lines(made, colour=True)[2]


def test_marks_have_a_column_where_there_are_any():
    some = [seen("gpu/a", mark={"pinned": True}), seen("gpu/b", mark={"hidden": True}), seen("gpu/c")]
    rows = lines(Listing(some, NOW, 80).chosen([])[0])
    assert [row.split()[-1] for row in rows] == ["AGE", "pinned", "hidden", "1m"]


def test_what_has_no_room_is_left_out():
    made, left = Listing(runs(), NOW, 39).chosen([LOSS, LR])
    assert left == 1
    assert [column.head for column in made] == ["STATE", "RUN", "STEP", "AGE", "lr"]
    assert max(map(len, lines(made))) <= 39


def test_exactly_the_columns_asked_for():
    made = Listing(runs(), NOW, 60).asked(
        [find("name", (), ()), LR, find("age", (), ()), find("bytes", (), ())]
    )
    assert lines(made)[:2] == ["RUN           lr  AGE   BYTES", "gpu1/gan/a  1e-3   1m  1.0 kB"]


def test_nothing_of_a_host_fools_the_terminal():
    evil = seen("gpu/a", {"lr": "1\x1b[31m\n2\u202e"}, state="growing")
    assert cell(LR, evil, NOW) == "1\\x1b[31m\\x0a2\\u202e"
    assert harmless("plain 运行") == "plain 运行"
    assert harmless("\udcff") == "\\xff"
    assert head(Field("a\x1bb", "last", (("a\x1bb",),))) == "a\\x1bb"


def test_settings_that_fit_a_word_equally_well_stand_side_by_side():
    field = Field("lr", "setting", (("lr",), ("disc.lr", "gen.lr")))
    assert cell(field, seen("gpu/a", {"gen.lr": "1e-4", "disc.lr": "4e-4"}), NOW) == "4e-4, 1e-4"


texts = st.text(max_size=30) | st.text(st.sampled_from("abc/_运行\x1b\u202e\udcff"), max_size=60)
numbers = st.floats() | st.just(float("nan"))
some_runs = st.lists(
    st.builds(
        lambda name, settings, scalars, step: seen(
            f"gpu/{name}", settings, {tag: [(0, value)] for tag, value in scalars.items()}, step=step
        ),
        st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=90),
        st.dictionaries(texts, texts, max_size=4),
        st.dictionaries(texts, numbers, max_size=4),
        st.none() | st.integers(-(2**63), 2**63 - 1),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.name,
)


@given(some_runs, st.integers(60, 200))
def test_anything_fits_and_is_harmless(runs_, width):
    counts = {tag: 1 for one in runs_ for tag in one.scalars}
    wanted = list(in_turn(metrics(len(runs_), counts, 4), differing(runs_)))
    made, _ = Listing(runs_, NOW, width).chosen(wanted)
    for row in lines(made):
        assert cells(row) <= width
        assert row == harmless(row)
    names = next(column for column in made if column.head == "RUN")
    assert len(set(names.rows)) == len(runs_)
