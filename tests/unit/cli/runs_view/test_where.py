import pytest

from expsyncd.cli.runs_view.fields import find
from expsyncd.cli.runs_view.where import Condition, holds, parse
from expsyncd.errors import Error
from support.catalogues import NOW
from support.runs import seen

RUN = seen(
    "gpu1/gan/a",
    {"lr": "0.0010", "model": "UNet_v2", "gen.wd": "0.1", "disc.wd": "0.2", "amp": "True", "dims": "[1, 2]"},
    {"val/loss": [(0, 2.0), (1, 0.5), (2, 0.75)], "nan": [(0, float("nan"))]},
    state="growing",
    newest_at=NOW - 7200,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lr=1e-3", True), ("lr == 0.001", True), ("lr=1e-4", False), ("lr!=1e-3", False), ("lr!=1e-4", True),
        ("lr<1e-3", False), ("lr<=1e-3", True), ("lr>1e-4", True), ("lr>=0.001", True), ("lr>1e-3", False),
        ("model=unet_V2", True), ("model='UNet_v2'", True), ("model=unet", False), ("model=unet*", True),
        ("model~NET", True), ("model!~net", False), ("model~resnet", False), ("model!~resnet", True),
        ("amp=true", True), ("amp=1", False), ("dims=[1, 2]", True), ("dims=[1*", True),
        ("wd=0.1", True), ("wd=0.2", True), ("wd=0.3", False), ("wd!=0.1", False), ("wd!=0.3", True), ("disc.wd<0.15", False),
        ("val/loss<0.8", True), ("best:val/loss<=0.5", True), ("max:val/loss=2", True), ("val/loss>1", False),
        ("nan<1", False), ("nan=nan", True),
        ("state=growing", True), ("state!=growing", False), ("name=gpu1/*", True), ("host~gpu", True),
        ("age<3h", True), ("age>3h", False), ("age>=2h", True), ("step>=100", True), ("lr<auto", None),
    ],
)  # fmt: skip
def test_conditions(text, expected):
    if expected is None:
        with pytest.raises(Error, match="no number"):
            parse(text)
        return
    condition = parse(text)
    assert holds(condition, find(condition.name, RUN.settings, RUN.scalars), RUN, NOW) is expected


def test_never_of_a_run_without_it():
    other = seen("gpu/b")
    for text in ("lr=1", "lr!=1", "lr<1", "lr~1", "lr!~1"):
        assert not holds(parse(text), find("lr", ["lr"], ()), other, NOW)


def test_parts():
    assert parse(" val/loss <= 2e-1 ") == Condition("val/loss", "<=", "2e-1", 0.2)
    assert parse("a=b=c") == Condition("a", "=", "b=c", None)
    assert parse("model!~x") == Condition("model", "!~", "x", None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("lr", "is no condition"),
        ("=3", "is no condition"),
        ("lr=", "is no condition"),
        ("age<3", "no duration"),
        ("x>y", "no number"),
    ],
)
def test_misuse_is_told(text, words):
    with pytest.raises(Error, match=words) as error:
        parse(text)
    assert error.value.exit_status == 2
    assert error.value.advice
