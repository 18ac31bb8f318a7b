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
        "| run | state | step | age | lr | out | val/loss | val/loss (least) | lr |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        "| gpu/a | growing | 100 | 1m | 1e-3 | /x/a | 2 | 1 | 0.1 |",
        "| gpu/b | failed | 100 | 1m | 1e-4 |  |  |  |  |",
        "",
        "All of them: amp true",
    ]


def test_no_value_is_markup():
    assert escaped("a|b <img src=x> [x](y) `z`\n") == r"a\|b \<img src=x\> \[x\](y) \`z\`\\x0a"
    assert escaped("lr_1e-3_*") == r"lr_1e-3_\*"
