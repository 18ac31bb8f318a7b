import csv
import io
import json

import pytest

from support.catalogues import catalogue, run
from support.cli import Here


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    found = Here(tmp_path, monkeypatch, capsys)
    catalogue(
        found.paths.catalogue_db,
        (run("gpu/a"), {"lr": "1e-3", "model": "unet"}, {"loss": [(0, 2.0), (9, 0.5)]}),
        (run("gpu/b"), {"lr": "1e-4", "model": "unet"}, {"loss": [(0, 2.0), (9, 0.25)]}),
        (run("gpu/c"), {"lr": "0.001", "model": "unet"}, {"loss": [(0, 2.0), (9, 0.5)]}),
    )
    return found


def test_side_by_side(here):
    assert [row.split() for row in here.said("diff", "a", "b").splitlines()] == [
        ["gpu/a", "gpu/b"],
        [],
        ["SETTINGS"],
        ["lr", "1e-3", "1e-4"],
        [],
        ["METRICS"],
        ["loss", "last", "0.5", "0.25*"],
        ["loss", "best", "(least)", "0.5", "0.25*"],
    ]
    assert here.said("diff", "a", "c") == "nothing differs between these 2 runs\n"
    assert "model" in here.said("diff", "a", "c", "--all")
    assert here.said("diff", "gpu/*").splitlines()[0].split() == ["gpu/a", "gpu/b", "gpu/c"]


def test_json_and_csv(here):
    found = json.loads(here.said("diff", "a", "b", "--json"))
    assert found["runs"] == ["gpu/a", "gpu/b"]
    assert found["rows"][0] == {
        "kind": "setting", "name": "lr", "differs": True, "values": {"gpu/a": "1e-3", "gpu/b": "1e-4"}, "best": [],
    }  # fmt: skip
    assert found["rows"][1]["best"] == ["gpu/b"]
    rows = list(csv.reader(io.StringIO(here.said("diff", "a", "b", "--csv"))))
    assert rows == [
        ["kind", "name", "gpu/a", "gpu/b", "best"],
        ["setting", "lr", "1e-3", "1e-4", ""],
        ["last", "loss", "0.5", "0.25", "gpu/b"],
        ["best", "loss", "0.5", "0.25", "gpu/b"],
    ]


def test_one_run_is_not_enough(here):
    status, _, err = here.run("diff", "a", "gpu/a")
    assert (status, err.splitlines()[0]) == (2, "expsyncd: gpu/a is only one run")
