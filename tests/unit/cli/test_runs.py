import csv
import io
import json
import sys
import time

import pytest

from expsyncd.cli.runs import NOT_RUNNING
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import EntryRow, LinkRow, put_entries, put_links
from support import catalogues
from support.catalogues import catalogue, run
from support.cli import Here


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    found = Here(tmp_path, monkeypatch, capsys)
    now = time.time()
    catalogue(
        found.paths.catalogue_db,
        (
            run("gpu1/gan/a", newest_at=now - 90, step=1200),
            {"lr": "1e-3", "model": "unet"},
            {"val/loss": [(0, 0.5)], "lr": [(0, 0.1)]},
        ),
        (
            run("gpu1/gan/b", newest_at=now - 3 * 3600 - 9, state="failed"),
            {"lr": "1e-4", "model": "unet"},
            {"val/loss": [(0, 0.25)]},
        ),
        (
            run("gpu2/vae", newest_at=now - 9 * 86400, state="finished"),
            {"lr": "0.001", "model": "unet"},
            {"val/loss": [(0, 0.75)]},
        ),
    )
    return found


def test_a_list(here):
    assert here.said("runs").splitlines() == [
        "STATE     RUN         STEP  AGE  val/loss     lr",
        "growing   gpu1/gan/a  1200   1m       0.5   1e-3",
        "failed    gpu1/gan/b   100   3h      0.25   1e-4",
        "finished  gpu2/vae     100   9d      0.75  0.001",
        "",
        "3 runs",
        "expsyncd is not running: states are as it saw them last",
    ]


def test_filters_and_order(here):
    assert here.said(
        "runs", "--where", "lr=1e-3", "--sort", "-val/loss", "--columns", "name,best:val/loss"
    ) == (
        "RUN         best:val/loss\ngpu2/vae             0.75\ngpu1/gan/a            0.5\n\n2 runs of 3\n"
        f"{NOT_RUNNING}\n"
    )
    assert here.said("runs", "--limit", "1").endswith(f"\n1 run, 2 more without --limit\n{NOT_RUNNING}\n")
    assert here.said("runs", "nothing") == f"none of the 3 runs is like that\n{NOT_RUNNING}\n"


def test_a_setting_that_only_the_command_tells(here):
    made = Catalogue.open(here.paths.catalogue_db)
    entries = [
        EntryRow(
            "e",
            "gpu2",
            b"run.sh",
            3,
            3,
            "python vae.py --depth 5",
            "vae.py",
            "plain",
            "",
            "",
            {"depth": "5", "lr": "9"},
        ),
        EntryRow(
            "f", "gpu1", b"run.sh", 4, 4, "python gan.py --depth 6", "gan.py", "plain", "", "", {"depth": "6"}
        ),
    ]
    links = [
        LinkRow("e", "gpu2", "logs", b"vae", 0.9, "name"),
        LinkRow("f", "gpu1", "logs", b"gan/a", 0.9, "name"),
    ]
    made.write(lambda db: put_entries(db, entries))
    made.write(lambda db: put_links(db, links, {}))
    made.close()
    (found,) = json.loads(here.said("runs", "--where", "depth<5.5", "--json"))
    assert (found["name"], found["launched_with"]) == ("gpu2/vae", {"depth": "5"})
    assert found["settings"] == {"lr": "0.001", "model": "unet"}
    assert json.loads(here.said("runs", "--where", "lr=9", "--json")) == []
    heads = here.said("runs").splitlines()[0].split()
    assert heads[4:] == ["val/loss", "lr", "depth"]
    assert "SETTINGS  hparams.yaml, run.sh:3\n  depth  5  lr  0.001  model  unet" in here.said("show", "vae")
    rows = list(csv.DictReader(io.StringIO(here.said("export"))))
    assert {row["name"]: row["setting:depth"] for row in rows} == {
        "gpu1/gan/a": "6",
        "gpu1/gan/b": "",
        "gpu2/vae": "5",
    }


def test_json_and_csv(here):
    found = json.loads(here.said("runs", "gan", "--json", "--sort", "name"))
    assert [one["name"] for one in found] == ["gpu1/gan/a", "gpu1/gan/b"]
    assert found[0]["settings"] == {"lr": "1e-3", "model": "unet"}
    assert found[0]["metrics"]["lr"]["last"]["value"] == 0.1
    rows = list(csv.DictReader(io.StringIO(here.said("runs", "--csv"))))
    assert [row["last:val/loss"] for row in rows] == ["0.5", "0.25", "0.75"]
    assert here.said("runs", "--csv", "--columns", "name,lr", "--limit", "1") == "name,lr\ngpu1/gan/a,1e-3\n"
    assert json.loads(here.said("runs", "nothing", "--json")) == []


def test_runs_that_were_not_read_whole_are_counted(here):
    catalogue(here.paths.catalogue_db, (run("gpu2/cut", trouble="a record is cut off"),))
    assert "4 runs; 1 not read whole, `expsyncd show RUN` says why\n" in here.said(
        "runs", "--columns", "name"
    )


def test_what_went_wrong_is_told(here):
    assert here.run("runs", "--sort", "los")[::2] == (
        1, "expsyncd: no run has a setting or a metric called los\n  did you mean val/loss?\n",
    )  # fmt: skip
    assert here.run("runs", "--where", "lr")[0] == 2
    here.paths.catalogue_db.unlink()
    status, _, err = here.run("runs")
    assert (status, err) == (
        1,
        "expsyncd: there is no catalogue yet\n  start expsyncd: it makes one from the mirror\n",
    )


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_no_line_is_wider_than_the_terminal(here, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    rows = [
        (run(f"gpu{n % 3}/experiments/{'deep/' * 4}gan_lr{n}_of_may_seed{n * 7}", newest_at=catalogues.NOW), {"lr": str(n), "model": "x" * n},
         {f"val/{'long' * n}_loss": [(0, 1.5e-7)], "acc": [(0, 1.0)]})
        for n in range(12)
    ]  # fmt: skip
    catalogue(here.paths.catalogue_db, *rows)
    assert max(map(len, here.said("runs").splitlines())) <= max(width, len(NOT_RUNNING))


def test_no_heavy_library_is_loaded(here):
    before = set(sys.modules)
    here.said("runs")
    new = {name.split(".")[0] for name in set(sys.modules) - before}
    assert not new & {"typer", "rich", "pydantic", "asyncio", "yaml", "tensorboard", "PIL", "numpy"}
