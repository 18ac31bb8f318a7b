import pytest

from expsyncd.cli.tail_find import Log, find
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.facts import Facts
from expsyncd.state.jobs import JobRow
from expsyncd.state.measured import MeasuredRow, put_measured


def job(number, name="gan", host="hpc", **more):
    known = JobRow(
        host, number, name, "RUNNING", "", "", "", 1.0, 2.0, None, None, None, "", "", "/s/slurm.out", "", "", "", 3.0,
        log_source="slurm-s-1", log=f"slurm-{number}.out".encode(),
    )  # fmt: skip
    return JobRow(**{**vars(known), **more})


def run(inside, log=b""):
    name = f"hpc/{inside.decode()}"
    return MeasuredRow("hpc", "runs", inside, name, "tensorboard", "growing", "", 1.0, 2.0, 3, 1, 1, log=log)


@pytest.fixture
def paths(tmp_path):
    found = Paths.of(
        {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    )
    found.facts_db.parent.mkdir(parents=True, exist_ok=True)
    facts = Facts.open(found.facts_db)
    facts.jobs.put(
        [
            job("5"), job("9_0"), job("9_1"), job("9_[2-3]", started_at=None, log_source="", reason="waits"),
            job("7", host="other"), job("7"), job("8", "vae", source="runs", inside=b"vae"), job("6", "lost", log_source=""),
        ]
    )  # fmt: skip
    facts.close()
    catalogue = Catalogue.open(found.catalogue_db)
    rows = [run(b"gan1", b"gan1/train.log"), run(b"vae"), run(b"mute")]
    catalogue.write(lambda db: put_measured(db, rows))
    catalogue.close()
    return found


@pytest.mark.parametrize(
    ("word", "log"),
    [
        ("5", Log("hpc", "slurm-s-1", b"slurm-5.out")),
        ("hpc/5", Log("hpc", "slurm-s-1", b"slurm-5.out")),
        ("9_1", Log("hpc", "slurm-s-1", b"slurm-9_1.out")),
        ("other/7", Log("other", "slurm-s-1", b"slurm-7.out")),
        ("gan1", Log("hpc", "runs", b"gan1/train.log")),
        ("hpc/vae", Log("hpc", "slurm-s-1", b"slurm-8.out")),
    ],
)
def test_which_log(paths, word, log):
    assert find(paths, word) == log


@pytest.mark.parametrize(
    ("word", "title"),
    [
        ("9", "9 may be 2 jobs"),
        ("7", "7 may be 2 jobs"),
        ("9_[2-3]", "hpc/9_[2-3] has not started: waits"),
        ("lost", "the output of hpc/6 is not in the mirror"),
        ("mute", "hpc/mute has no log in the mirror"),
    ],
)
def test_what_has_none(paths, word, title):
    with pytest.raises(Error) as caught:
        find(paths, word)
    assert caught.value.title == title


def test_nothing_is_known(tmp_path):
    with pytest.raises(Error, match="no runs and no jobs"):
        find(
            Paths.of(
                {
                    "HOME": str(tmp_path),
                    "XDG_STATE_HOME": str(tmp_path / "s"),
                    "XDG_RUNTIME_DIR": str(tmp_path),
                }
            ),
            "x",
        )


def test_where_it_is_here(tmp_path, paths):
    from expsyncd.paths import RootPaths

    file = Log("hpc", "runs", b"a/\xff.log").file(RootPaths(tmp_path))
    assert bytes(file) == bytes(tmp_path) + b"/mirror/hpc/runs/a/\xff.log"
