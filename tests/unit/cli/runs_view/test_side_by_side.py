from expsyncd.cli.runs_view.difference import Row, compare
from expsyncd.cli.runs_view.elide import cells
from expsyncd.cli.runs_view.side_by_side import lines
from support.runs import seen

ROWS = [
    Row("run", "state", ("growing", "failed")),
    Row("setting", "lr", ("1e-3", None)),
    Row("last", "val/loss", (0.5, 0.25), (1,)),
    Row("best", "val/loss", (0.125, 0.25), (0,)),
]


def test_two_runs():
    assert lines(ROWS, ["gpu/a", "gpu/b"], 80, colour=False) == [
        "                       gpu/a                        gpu/b",
        "state                  growing                      failed",
        "",
        "SETTINGS",
        "lr                     1e-3                         -",
        "",
        "METRICS",
        "val/loss last          0.5                          0.25*",
        "val/loss best (least)  0.125*                       0.25",
    ]


def test_colours():
    painted = lines(ROWS, ["gpu/a", "gpu/b"], 80, colour=True)
    assert "\x1b[31mfailed\x1b[0m" in painted[1]
    assert painted[-1].split()[3] == "\x1b[32m0.125*\x1b[0m"


def test_more_runs_than_fit_stand_below():
    runs = [seen(f"gpu{n}/experiments/of/may/run-with-lr-{n}", {"lr": f"{n}"}) for n in range(7)]
    names = [one.name for one in runs]
    rows = lines(compare(runs), names, 80, colour=False)
    assert max(map(cells, rows)) <= 80
    assert [row.split()[1:] for row in rows if row.startswith("lr ")] == [
        ["0", "1", "2", "3"],
        ["4", "5", "6"],
    ]
    heads = [word for row in rows if not row.startswith(("lr", "S")) for word in row.split()]
    assert len(set(heads)) == 7
