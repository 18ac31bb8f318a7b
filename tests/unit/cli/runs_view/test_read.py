import pytest

from expsyncd.cli.runs_view.read import FEW, reader
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts
from expsyncd.state.jobs import JobRow
from expsyncd.state.marks import Mark
from support.catalogues import catalogue, run


@pytest.fixture
def paths(tmp_path):
    return Paths.of({"XDG_STATE_HOME": str(tmp_path), "HOME": str(tmp_path)})


def job(number, **given):
    values = dict.fromkeys(JobRow.__dataclass_fields__, "")
    times = dict.fromkeys(("submitted_at", "started_at", "ended_at", "limit_s", "exit_code"))
    return JobRow(**{**values, **times, "seen_at": float(number), "host": "gpu", "job": str(number), **given})


def test_without_a_catalogue(paths):
    with pytest.raises(Error, match="no catalogue yet"), reader(paths):
        pass


def test_only_what_is_asked_for(paths):
    catalogue(
        paths.catalogue_db,
        (run("gpu/a"), {"lr": "1", "wd": "2"}, {"loss": [(0, 1.0), (1, 0.5)], "acc": [(0, 0.1)]}),
        (run("gpu/b"), {"lr": "3"}, {"loss": [(0, 2.0)]}),
        (run("other/a", source="else"), {"lr": "4"}, {}),
    )
    with reader(paths) as known:
        a, b, other = known.runs()
        assert [one.name for one in (a, b, other)] == ["gpu/a", "gpu/b", "other/a"]
        assert known.unread() == 0
        assert known.setting_names([a, b, other]) == {"lr": 3, "wd": 1}
        assert known.setting_names([b]) == {"lr": 1}
        assert known.tags([a, b]) == {"loss": 2, "acc": 1}
        known.settings([a, b], ["lr"])
        assert (a.settings, b.settings, other.settings) == ({"lr": "1"}, {"lr": "3"}, {})
        known.settings([a])
        assert a.settings == {"lr": "1", "wd": "2"}
        known.scalars([a, b], ["loss"])
        assert [list(one.scalars) for one in (a, b, other)] == [["loss"], ["loss"], []]
        known.scalars([b], [])
        assert [step for step, _, _ in known.curve(a, "loss")] == [0, 1]
        assert known.told_by(a) == ["hparams.yaml"]


def test_of_many_runs_too(paths):
    rows = [(run(f"gpu/{n:03}"), {"n": str(n)}, {"loss": [(0, float(n))]}) for n in range(FEW + 5)]
    catalogue(paths.catalogue_db, *rows)
    with reader(paths) as known:
        seen = known.runs()[1:]
        known.scalars(seen, ["loss"])
        assert [one.scalars["loss"].last[2] for one in seen] == [float(n) for n in range(1, FEW + 5)]


def test_marks_and_jobs_come_from_the_facts(paths):
    catalogue(paths.catalogue_db, (run("gpu/a"),), (run("gpu/b"),))
    facts = Facts.open(paths.facts_db)
    facts.marks.put(Mark("gpu", "logs", b"a", note="x"))
    facts.jobs.put(
        [job(1, source="logs", inside=b"b"), job(2, source="logs", inside=b"b"), job(3, inside=b"")]
    )
    facts.close()
    with reader(paths) as known:
        a, b = known.runs()
        assert a.mark.note == "x"
        assert b.mark == Mark("gpu", "logs", b"b")
        assert [one.job for one in b.jobs] == ["2", "1"]
        assert a.jobs == []
