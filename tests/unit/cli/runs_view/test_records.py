import csv
import io
import json
import math

import pytest

from expsyncd.cli.runs_view.fields import find
from expsyncd.cli.runs_view.records import cell, moment, print_csv, print_json, print_points, run_json
from support.runs import seen


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"), ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"), ("+1+1", "'+1+1"), ("-1+1", "'-1+1"),
        ("@SUM(A1)", "'@SUM(A1)"), ("\t=1", "\\x09=1"), ("-0.5", "-0.5"), ("+3", "+3"), ("-1e-3", "-1e-3"), ("-inf", "-inf"),
        ("--flag", "'--flag"), (-0.5, "-0.5"), (0.1, "0.1"), (3, "3"), (None, ""), (math.nan, "nan"), ("a\nb", "a\\x0ab"), ("", ""),
    ],
)  # fmt: skip
def test_no_cell_is_a_formula(value, expected):
    assert cell(value) == expected


def test_moment():
    assert moment(0.5) == "1970-01-01T00:00:00.500Z"
    assert [moment(None), moment(1e300), moment(math.nan)] == [None, None, None]


def read(text):
    return list(csv.DictReader(io.StringIO(text)))


def test_everything_as_csv():
    runs = [
        seen(
            "gpu/a",
            {"lr": "1e-3", "=x": "=1"},
            {"val/loss": [(0, 2.0), (1, 1.0), (2, 1.5)]},
            {"note": "best, so far"},
        ),
        seen("gpu/b", {"lr": "1e-4"}, {"lr": [(0, 0.1), (1, 0.2)], "val/loss": [(0, math.nan)]}),
    ]
    out = io.StringIO()
    print_csv(out, runs)
    a, b = read(out.getvalue())
    assert a["name"] == "gpu/a"
    assert a["note"] == "best, so far"
    assert a["newest_at"] == "2026-05-28T20:25:40.000Z"
    assert (a["setting:lr"], a["setting:=x"]) == ("1e-3", "'=1")
    assert (a["last:val/loss"], a["best:val/loss"], a["best_step:val/loss"]) == ("1.5", "1.0", "1")
    assert (a["last:lr"], a["least:lr"], a["greatest:lr"]) == ("", "", "")
    assert (b["last:lr"], b["least:lr"], b["greatest:lr"]) == ("0.2", "0.1", "0.2")
    assert (b["last:val/loss"], b["best:val/loss"], b["setting:=x"]) == ("nan", "", "")


def test_chosen_columns_as_csv():
    one = seen("gpu/a", {"gen.lr": "1", "disc.lr": "2"}, {"loss": [(0, 0.123456789)]})
    fields = [
        find(word, ["gen.lr", "disc.lr"], ["loss"]) for word in ("name", "lr", "best:loss", "age", "note")
    ]
    out = io.StringIO()
    print_csv(out, [one], fields)
    assert out.getvalue().splitlines()[0] == "name,lr,best:loss,age,note"
    assert read(out.getvalue())[0]["lr"] == "2, 1"
    assert read(out.getvalue())[0]["best:loss"] == "0.123456789"
    assert read(out.getvalue())[0]["age"].startswith("2026-")


def test_json(capsys):
    one = seen(
        "gpu/a",
        {"a\x1b": "b\udcff"},
        {"loss": [(0, math.inf), (1, math.nan)], "acc": [(0, 1.0)]},
        {"hidden": True},
    )
    print_json([one])
    (found,) = json.loads(capsys.readouterr().out, parse_constant=lambda _: pytest.fail("no JSON"))
    assert found == json.loads(json.dumps(run_json(one)))
    assert found["settings"] == {"a\\x1b": "b\\xff"}
    assert found["metrics"]["loss"]["last"]["value"] == "NaN"
    assert found["metrics"]["loss"]["greatest"]["value"] == "Infinity"
    assert (found["metrics"]["loss"]["best"], found["metrics"]["acc"]["best"]) == ("least", "greatest")
    assert (found["hidden"], found["pinned"]) == (True, False)


def test_points():
    out = io.StringIO()
    print_points(
        out,
        [
            ("gpu/a", "=loss", (3, 0.0, 0.25)),
            ("gpu/a", "=loss", (3, 60.0, 0.25)),
            ("gpu/a", "acc", (4, 1.0, math.nan)),
        ],
    )
    assert out.getvalue() == (
        "run,tag,step,wall,value\ngpu/a,'=loss,3,,0.25\ngpu/a,'=loss,3,1970-01-01T00:01:00.000Z,0.25\ngpu/a,acc,4,1970-01-01T00:00:01.000Z,nan\n"
    )
