import csv
import stat
import tracemalloc

import pytest

from support.catalogues import catalogue, run
from support.cli import Here


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    found = Here(tmp_path, monkeypatch, capsys)
    catalogue(
        found.paths.catalogue_db,
        (run("gpu/a"), {"lr": "1e-3", "cmd": "=HYPERLINK(1)"}, {"loss": [(0, 2.0), (9, -0.5)]}),
        (run("gpu/b"), {"lr": "1e-4"}, {"loss": [(0, 2.0)]}),
    )
    return found


def test_csv(here):
    rows = list(csv.DictReader(here.said("export", "--sort", "name").splitlines()))
    assert [row["setting:cmd"] for row in rows] == ["'=HYPERLINK(1)", ""]
    assert [row["best:loss"] for row in rows] == ["-0.5", "2.0"]
    assert here.said("export", "--sort", "name", "--csv") == here.said("export", "--sort", "name")


def test_markdown(here):
    text = here.said("export", "--markdown", "--sort", "name")
    assert text.splitlines()[2].startswith("| gpu/a | growing | 100 |")


def test_points(here):
    rows = list(csv.DictReader(here.said("export", "--points", "--where", "lr=1e-3").splitlines()))
    assert [(row["run"], row["tag"], row["step"], row["value"]) for row in rows] == [
        ("gpu/a", "loss", "0", "2.0"),
        ("gpu/a", "loss", "9", "-0.5"),
    ]


def test_points_of_many_runs_are_not_held(here):
    curve = [(step, step / 7) for step in range(400)]
    catalogue(here.paths.catalogue_db, *((run(f"hpc/{n:03}"), {}, {"loss": curve}) for n in range(150)))
    file = here.folder / "points.csv"
    here.said("export", "--points", "-o", str(file))  # what is imported once is not counted
    tracemalloc.start()
    try:
        here.said("export", "--points", "-o", str(file))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(file.read_bytes().splitlines()) > 60_000
    assert most < file.stat().st_size / 2


def test_into_a_file(here):
    file = here.folder / "all.md"
    assert here.said("export", "-o", str(file)) == f"2 runs in {file}\n"
    assert file.read_text().startswith("| run |")
    assert stat.S_IMODE(file.stat().st_mode) == 0o644
    assert [path.name for path in here.folder.iterdir() if "all" in path.name] == ["all.md"]
    status, _, err = here.run("export", "-o", str(here.folder / "not" / "there.csv"))
    assert status == 1
    assert "cannot be written: No such file or directory" in err
    for folder in ("/", str(here.paths.state_dir)):
        assert (
            here.run("export", "-o", folder)[2] == f"expsyncd: {folder} is a folder\n  name a file with -o\n"
        )
    assert [path.name for path in here.folder.iterdir() if path.name.startswith(".")] == []


def test_only_one_form(here):
    assert here.run("export", "--csv", "--markdown")[0] == 2
