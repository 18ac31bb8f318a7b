"""Folders as frameworks leave them."""

import os

import pytest

from expsyncd.runs.find import TABLES_MOST, find, look, may_matter, sources


@pytest.fixture
def mirror(tmp_path):
    return tmp_path / "mirror"


def put(mirror, *paths):
    for path in paths:
        file = mirror / "gpu" / "exp" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"x")


def runs(mirror):
    return {seen.inside: seen for seen in find(os.fsencode(mirror), "gpu", "exp")}


def files(seen):
    return {file.path: file.kind for file in seen.files}


def test_event_files_make_a_run(mirror):
    put(mirror, "a/events.out.tfevents.2", "a/events.out.tfevents.1", "a/train.log", "a/x.png", "a/hparams.yaml",
        "a/results.csv", "b/readme.txt")  # fmt: skip
    (seen,) = runs(mirror).values()
    assert (seen.inside, seen.kind, seen.log, seen.shown) == (b"a", "tensorboard", b"a/train.log", True)
    assert [(file.path, file.kind) for file in seen.files] == [
        (b"a/events.out.tfevents.1", "events"), (b"a/events.out.tfevents.2", "events"),
        (b"a/results.csv", "table"), (b"a/hparams.yaml", "settings"), (b"a/train.log", "log"),
    ]  # fmt: skip


def test_the_source_itself_may_be_a_run(mirror):
    put(mirror, "events.out.tfevents.1", "config.yaml", ".hydra/config.yaml")
    (seen,) = runs(mirror).values()
    assert (seen.inside, set(files(seen))) == (
        b"", {b"events.out.tfevents.1", b"config.yaml", b".hydra/config.yaml"},
    )  # fmt: skip


def test_hydra_and_settings_above_an_inner_folder(mirror):
    put(mirror, "job/.hydra/config.yaml", "job/main.log", "job/config.json", "job/tb/events.out.tfevents.1",
        "shared/config.json", "shared/a/events.out.tfevents.1", "shared/b/events.out.tfevents.1")  # fmt: skip
    found = runs(mirror)
    assert files(found[b"job/tb"]) == {
        b"job/tb/events.out.tfevents.1": "events", b"job/.hydra/config.yaml": "settings",
        b"job/config.json": "settings", b"job/main.log": "log",
    }  # fmt: skip
    assert found[b"job/tb"].log == b"job/main.log"
    assert set(files(found[b"shared/a"])) == {b"shared/a/events.out.tfevents.1"}


def test_sacred(mirror):
    put(mirror, "1/run.json", "1/config.json", "1/metrics.json", "1/cout.txt", "2/run.json", "_sources/x.py")
    (seen,) = runs(mirror).values()
    assert (seen.kind, seen.log, seen.shown) == ("sacred", b"1/cout.txt", False)
    assert files(seen) == {
        b"1/run.json": "sacred-run", b"1/config.json": "settings", b"1/metrics.json": "sacred-metrics",
        b"1/cout.txt": "log",
    }  # fmt: skip


def test_wandb(mirror):
    name = "wandb/offline-run-20260101_120000-ab1/"
    put(mirror, name + "run-ab1.wandb", name + "files/config.yaml", name + "files/media/table.csv",
        name + "files/output.log", "wandb/debug.log")  # fmt: skip
    (seen,) = runs(mirror).values()
    assert (seen.kind, seen.inside) == ("wandb", name[:-1].encode())
    assert [file.kind for file in seen.files] == ["other", "wandb-settings", "log"]


def test_tables_alone_may_be_a_run(mirror):
    put(mirror, "t/metrics.csv", "u/log.jsonl", "v/metrics.json", "w/notes.txt", "x/a.tsv")
    found = runs(mirror)
    assert {inside: seen.kind for inside, seen in found.items()} == dict.fromkeys(
        (b"t", b"u", b"v", b"x"), "table"
    )
    put(mirror, *(f"many/{number:03}.csv" for number in range(TABLES_MOST + 7)))
    seen = runs(mirror)[b"many"]
    assert (len(seen.files), seen.note) == (
        TABLES_MOST,
        f"27 tables lie here: the first {TABLES_MOST} are read",
    )


def test_what_is_never_taken(mirror, tmp_path):
    put(mirror, "a/.events.out.tfevents.1.Xy12Zw", ".rsync-partial/events.out.tfevents.1", "b/x.txt")
    secret = tmp_path / "secret.csv"
    secret.write_text("step,loss\n")
    (mirror / "gpu" / "exp" / "b" / "link.csv").symlink_to(secret)
    (mirror / "gpu" / "exp" / "link").symlink_to(tmp_path)
    os.mkfifo(mirror / "gpu" / "exp" / "b" / "pipe.csv")
    assert runs(mirror) == {}


def test_names_are_bytes(mirror):
    folder = os.fsencode(mirror) + b"/gpu/exp/\xff\n"
    os.makedirs(folder)
    with open(folder + b"/events.out.tfevents.1", "wb"):
        pass
    assert set(runs(mirror)) == {b"\xff\n"}


def test_images_do_not_matter():
    assert [may_matter(b"/m/gpu/exp/a/" + name) for name in (b"x.png", b"x.npy", b"model.pt")] == [False] * 3
    names = (
        b"events.out.tfevents.1",
        b"x.CSV",
        b"hparams.yaml",
        b"train.log",
        b"slurm-1.out",
        b"opt.txt",
        b"r.wandb",
    )
    assert [may_matter(b"/m/gpu/exp/a/" + name) for name in names] == [True] * len(names)


def test_one_folder_and_the_sources(mirror):
    put(mirror, "a/events.out.tfevents.1")
    (mirror / ".incoming" / "x").mkdir(parents=True)
    assert look(os.fsencode(mirror), "gpu", "exp", b"a").key == ("gpu", "exp", b"a")
    assert look(os.fsencode(mirror), "gpu", "exp", b"nowhere") is None
    assert sources(os.fsencode(mirror)) == [("gpu", "exp")]
