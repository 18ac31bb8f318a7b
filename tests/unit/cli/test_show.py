import json
import os
import time

import pytest

from expsyncd.paths import RootPaths
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import EntryRow, LinkRow, put_entries, put_links
from support.catalogues import catalogue, run
from support.cli import Here


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    found = Here(tmp_path, monkeypatch, capsys)
    catalogue(
        found.paths.catalogue_db,
        (run("gpu1/gan/a"), {"lr": "1e-3"}, {"val/loss": [(0, 2.0), (9, 0.5)], "lr": [(0, 0.1), (9, 0.2)]}),
        (run("gpu2/gan/a"),),
    )
    return found


def test_a_page(here):
    rows = here.said("show", "gpu1/gan/a").splitlines()
    assert rows[0].split() == ["gpu1/gan/a", "growing"]
    assert "SETTINGS  hparams.yaml" in rows
    assert "  val/loss" in rows
    assert max(map(len, rows)) <= 80
    assert not [row for row in rows if "FILES" in row]  # hosts.yaml is not there yet


def test_which_run_is_asked(here):
    assert here.run("show", "a") == (
        1, "", "expsyncd: a may be 2 runs\n  say which: gpu1/gan/a, gpu2/gan/a\n",
    )  # fmt: skip
    assert here.run("show", "gpu1/gan/aa")[2].splitlines()[1] == "  the nearest: gpu1/gan/a, gpu2/gan/a"
    assert here.run("show")[0] == 2


def test_files_of_the_mirror(here):
    root = RootPaths(here.folder / "root")
    (here.folder / "hosts.yaml").write_text(f"root: {root.path}\nhosts: {{}}\n")
    folder = root.mirror / "gpu1" / "logs" / "gan" / "a"
    (folder / "out").mkdir(parents=True)
    (folder / "events.out.tfevents.1").write_bytes(b"x" * 1500)
    (folder / "out" / "log.txt").write_bytes(b"x")
    (folder / "out" / "link").symlink_to("/etc/passwd")
    for file in ("events.out.tfevents.1", "out/log.txt"):
        os.utime(folder / file, (time.time() - 4000,) * 2)
    text = here.said("show", "gpu1/gan/a")
    assert "FILES  ~/root/mirror/gpu1/logs/gan/a\n" in text
    assert "events.out.tfevents.1  1.5 kB  1h ago" in text
    assert "out/log.txt               1 B  1h ago" in text


def test_json_has_every_curve_and_entry(here):
    made = Catalogue.open(here.paths.catalogue_db)
    entry = EntryRow("e", "gpu1", b"run.sh", 3, 3, "python train.py --lr 1e-3", "train.py", "plain", "", "")
    made.write(lambda db: put_entries(db, [entry]))
    made.write(lambda db: put_links(db, [LinkRow("e", "gpu1", "logs", b"gan/a", 0.9, "--name a")], {}))
    made.close()
    found = json.loads(here.said("show", "gpu1/gan/a", "--json"))
    assert sorted(found["curves"]) == ["lr", "val/loss"]
    assert [one["command"] for one in found["entries"]] == ["python train.py --lr 1e-3"]
    assert "COMMAND  run.sh:3 on gpu1, live" in here.said("show", "gpu1/gan/a")
    assert "COMMAND" not in here.said("show", "gpu2/gan/a")


@pytest.mark.parametrize("term", ["linux", "xterm"])
def test_braille_only_where_it_can_be_shown(here, monkeypatch, term):
    monkeypatch.setenv("TERM", term)
    assert here.said("show", "gpu1/gan/a").isascii() is (term == "linux")
