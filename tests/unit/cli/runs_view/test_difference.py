import math

from expsyncd.cli.runs_view.difference import Row, compare
from support.runs import seen

A = seen(
    "gpu/a",
    {"lr": "1e-3", "model": "unet", "seed": "1"},
    {"val/loss": [(0, 2.0), (1, 1.0), (2, 1.5)], "lr": [(0, 0.1)]},
)
B = seen(
    "gpu/b", {"lr": "0.001", "model": "vit"}, {"val/loss": [(0, 3.0), (1, 0.5)], "acc": [(0, 0.9)]}, step=7
)
C = seen("gpu/c", {"lr": "1e-3", "model": "vit"}, {"val/loss": [(0, math.nan)], "acc": [(0, 0.8)]})


def test_what_differs():
    assert compare([A, B]) == [
        Row("run", "step", (100, 7)),
        Row("setting", "model", ("unet", "vit")),
        Row("setting", "seed", ("1", None)),
        Row("last", "val/loss", (1.5, 0.5), (1,)),
        Row("best", "val/loss", (1.0, 0.5), (1,)),
        Row("last", "acc", (None, 0.9)),
        Row("best", "acc", (None, 0.9)),
        Row("last", "lr", (0.1, None)),
        Row("least", "lr", (0.1, None)),
        Row("greatest", "lr", (0.1, None)),
    ]


def test_everything():
    rows = compare([A, B], everything=True)
    assert Row("setting", "lr", ("1e-3", "0.001")) in rows
    assert [row.name for row in rows if not row.differs] == ["state", "lr"]


def test_the_best_of_what_is_a_number():
    rows = {(row.kind, row.name): row for row in compare([A, B, C])}
    assert rows["best", "val/loss"].best == (1,)
    assert str(rows["last", "val/loss"].values[2]) == "nan"
    assert rows["best", "acc"].best == (1,)
    same = [seen(f"gpu/{n}", {}, {"acc": [(0, value)]}) for n, value in enumerate((0.9, 0.9, 0.1))]
    assert {row.best for row in compare(same)} == {(0, 1)}
    assert compare(same[:2]) == []
