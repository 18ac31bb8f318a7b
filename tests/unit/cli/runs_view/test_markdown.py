from expsyncd.cli.runs_view.markdown import escaped, table
from support.catalogues import NOW
from support.runs import seen


def test_a_table():
    runs = [
        seen(
            "gpu/a",
            {"lr": "1e-3", "amp": "true", "out": "/x/a"},
            {"val/loss": [(0, 1.0), (1, 2.0)], "lr": [(0, 0.1)]},
        ),
        seen("gpu/b", {"lr": "1e-4", "amp": "true"}, {}, state="failed"),
    ]
    assert table(runs, NOW) == [
        "| run | state | step | age | lr | val/loss | val/loss (least) | lr |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| gpu/a | growing | 100 | 1m | 1e-3 | 2 | 1 | 0.1 |",
        "| gpu/b | failed | 100 | 1m | 1e-4 |  |  |  |",
        "",
        "The same in all: amp true, out /x/a",
    ]


def test_what_few_measure_is_left_out_and_told():
    runs = [
        seen(f"gpu/{n}", {"name": f"n{n}"}, {"acc": [(0, 1.0)]} if n else {"x": [(0, 1.0)]}) for n in range(3)
    ]
    assert table(runs, NOW) == [
        "| run | state | step | age | name | acc | acc (greatest) |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
        "| gpu/0 | growing | 100 | 1m | n0 |  |  |",
        "| gpu/1 | growing | 100 | 1m | n1 | 1 | 1 |",
        "| gpu/2 | growing | 100 | 1m | n2 | 1 | 1 |",
        "",
        "Left out: 1 metric of less than half of the runs",
    ]


def test_no_value_is_markup():
    assert escaped("a|b <img src=x> [x](y) `z`\n") == r"a\|b \<img src=x\> \[x\](y) \`z\`\\x0a"
    assert escaped("lr_1e-3_*") == r"lr_1e-3_\*"
