import math

import pytest

from expsyncd.cli.runs_view.fields import Field, find, order, values
from expsyncd.errors import Error
from support.catalogues import NOW
from support.runs import seen

SETTINGS = ["lr", "optimizer.lr", "disc.lr", "batch-size", "model.name", "step"]
TAGS = ["val/loss", "train/loss", "lr", "fid", "metric"]


@pytest.mark.parametrize(
    ("word", "kind", "names"),
    [
        ("name", "run", ()),
        ("step", "run", ()),  # although a setting has the name
        ("setting:step", "setting", (("step",),)),
        ("lr", "setting", (("lr",), ("disc.lr", "optimizer.lr"))),
        ("metric:lr", "last", (("lr",),)),
        ("batch_size", "setting", (("batch-size",),)),
        ("Batch_Size", "setting", (("batch-size",),)),
        ("val/loss", "last", (("val/loss",),)),
        ("best:val/loss", "best", (("val/loss",),)),
        ("min:fid", "least", (("fid",),)),
        ("greatest:FID", "greatest", (("fid",),)),
        ("fid", "last", (("fid",),)),
    ],
)
def test_find(word, kind, names):
    assert find(word, SETTINGS, TAGS) == Field(word, kind, names)


@pytest.mark.parametrize(
    ("word", "title", "advice"),
    [
        ("loss", "loss may be 2 metrics", "say which: train/loss, val/loss"),
        ("val/los", "no run has a setting or a metric called val/los", "did you mean val/loss"),
        (
            "best:metric",
            "the name of metric does not say what its best is",
            "write least:metric or greatest:metric",
        ),
        ("best:lrr", "no run has a metric called lrr", "did you mean lr?"),
        ("setting:fid", "no run has a setting called fid", "`expsyncd show RUN` lists"),
        ("zzz", "no run has a setting or a metric called zzz", "`expsyncd show RUN` lists"),
    ],
)
def test_what_means_nothing(word, title, advice):
    with pytest.raises(Error) as error:
        find(word, SETTINGS, TAGS)
    assert error.value.title == title
    assert error.value.advice.startswith(advice)


def test_advice_holds_nothing_that_fools_a_terminal():
    with pytest.raises(Error) as error:
        find("val/los", [], ["val/los\x1b[2J"])
    assert error.value.advice == "did you mean val/los\\x1b[2J?"
    with pytest.raises(Error) as error:
        find("loss", [], ["a\x1b/loss", "b/loss"])
    assert "\x1b" not in error.value.advice


def test_values():
    one = seen(
        "gpu/a", {"optimizer.lr": "1e-3", "disc.lr": "4e-3"}, {"val/loss": [(0, 2.0), (1, 1.0), (2, 1.5)]}
    )
    assert values(find("lr", SETTINGS, TAGS), one) == ["4e-3", "1e-3"]
    one.settings["lr"] = "1e-4"
    assert values(find("lr", SETTINGS, TAGS), one) == ["1e-4"]
    assert [values(find(f"{word}:val/loss", SETTINGS, TAGS), one) for word in ("last", "best", "max")] == [
        [1.5],
        [1.0],
        [2.0],
    ]
    assert values(find("fid", SETTINGS, TAGS), one) == []
    assert values(find("age", (), ()), one) == [NOW - 60]
    assert values(find("note", (), ()), one) == []
    assert values(find("tags", (), ()), seen("gpu/a", mark={"tags": ("x", "y")})) == ["x, y"]


def test_order():
    lr = find("lr", ["lr"], ())
    ordered = ["1e-4", "0.001", "1", "auto"]
    keys = [order(lr, seen("gpu/a", {"lr": value})) for value in ordered]
    assert keys == [(1e-4, ""), (1e-3, ""), (1.0, ""), (math.inf, "auto")]
    assert order(lr, seen("gpu/a")) is None
    loss = find("loss", (), ["loss"])
    assert order(loss, seen("gpu/a", scalars={"loss": [(0, math.nan)]})) is None
    age = find("age", (), ())
    keys = [order(age, seen("gpu/a", newest_at=at)) for at in (2.0, 1.0)]
    assert keys == [(-2.0, ""), (-1.0, "")]
