from datetime import timedelta

import pytest

from expsyncd.cli.runs_view.ask import Ask, answer
from expsyncd.cli.runs_view.read import reader
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark
from support.catalogues import NOW, catalogue, run

RUNS = [
    (run("gpu1/gan/a", newest_at=NOW - 60, step=30), {"optimizer.lr": "1e-3"}, {"val/loss": [(0, 1.0)], "acc": [(0, 0.9)]}),
    (run("gpu1/gan/b", newest_at=NOW - 7200, state="failed", step=9), {"lr": "0.001"}, {"val/loss": [(0, 0.5)]}),
    (run("gpu2/gan/c", newest_at=NOW - 86400, state="finished", step=100), {"lr": "1e-4"}, {"val/loss": [(0, float("nan"))]}),
    (run("gpu2/vae", newest_at=None, state="unknown", step=None), {}, {}),
]  # fmt: skip


@pytest.fixture
def paths(tmp_path):
    found = Paths.of({"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)})
    catalogue(found.catalogue_db, *RUNS)
    facts = Facts.open(found.facts_db)
    facts.marks.put(Mark("gpu1", "logs", b"gan/b", tags=("paper",)))
    facts.close()
    return found


@pytest.mark.parametrize(
    ("ask", "letters"),
    [
        ({}, "abce"),
        ({"names": ["gpu1/*"]}, "ab"),
        ({"names": ["gan"], "hosts": ["gpu2"]}, "c"),
        ({"hosts": ["gpu1", "gpu2"]}, "abce"),
        ({"hosts": ["*2"]}, "ce"),
        ({"states": ["failed", "finished"]}, "bc"),
        ({"tags": ["paper"]}, "b"),
        ({"newer": timedelta(hours=3)}, "ab"),
        ({"older": timedelta(hours=1)}, "bc"),
        ({"older": timedelta(hours=1), "newer": timedelta(hours=3)}, "b"),
        ({"where": ["lr=1e-3"]}, "ab"),
        ({"where": ["lr=1e-3", "state=failed"]}, "b"),
        ({"where": ["val/loss<=0.5"]}, "b"),
        ({"where": ["acc>0.5"], "states": ["failed"]}, ""),
        ({"sort": "name"}, "abce"),
        ({"sort": "-name"}, "ecba"),
        ({"sort": "name", "reverse": True}, "ecba"),
        ({"sort": "-name", "reverse": True}, "abce"),
        ({"sort": "step"}, "bace"),
        ({"sort": "-step"}, "cabe"),
        ({"sort": "age"}, "abce"),
        ({"sort": "-age"}, "cbae"),
        ({"sort": "val/loss"}, "bace"),  # NaN and none last
        ({"sort": "-val/loss"}, "abce"),
        ({"sort": "best:val/loss", "limit": 1}, "b"),
        ({"sort": "lr"}, "cabe"),
        ({"sort": "state"}, "acbe"),
    ],
)
def test_which_runs(paths, ask, letters):
    with reader(paths) as known:
        found = answer(known, Ask(**ask), NOW)
    assert "".join(one.name[-1] for one in found.seen) == letters
    assert (found.of, found.left) == (4, 3 if "limit" in ask else 0)


def test_pinned_runs_come_first_unless_an_order_is_asked_for(paths):
    facts = Facts.open(paths.facts_db)
    facts.marks.put(Mark("gpu2", "logs", b"gan/c", pinned=True))
    facts.close()
    with reader(paths) as known:
        assert [one.name[-1] for one in answer(known, Ask(), NOW).seen] == ["c", "a", "b", "e"]
        assert [one.name[-1] for one in answer(known, Ask(sort="age"), NOW).seen] == ["a", "b", "c", "e"]


def test_words_that_mean_nothing(paths):
    with reader(paths) as known:
        for ask in (Ask(sort="los"), Ask(where=["lrr=1"])):
            with pytest.raises(Error, match="no run has a setting or a metric"):
                answer(known, ask, NOW)


def test_nothing_to_list(tmp_path):
    paths = Paths.of({"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)})
    paths.state_dir.mkdir()
    made = Catalogue.open(paths.catalogue_db)
    with reader(paths) as known, pytest.raises(Error, match="no runs yet"):
        answer(known, Ask(), NOW)

    def put(db):
        db.execute("INSERT INTO runs VALUES ('gpu','logs',x'61',1,10,1.0)")

    made.write(put)
    made.close()
    with reader(paths) as known, pytest.raises(Error, match="1 run in the mirror"):
        answer(known, Ask(), NOW)
