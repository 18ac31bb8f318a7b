import pytest

from expsyncd.errors import Error, LockedError
from expsyncd.marking import known_runs, mark_here, marked
from expsyncd.mirror.scan import RunFolder
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts
from expsyncd.state.lock import only_one
from expsyncd.state.measured import MeasuredRow

NOW = 1000.0
A, B, C = ("gpu", "tb", b"a"), ("gpu", "tb", b"b\xff"), ("hpc", "csv", b"")


@pytest.fixture
def facts(tmp_path):
    found = Facts.open(tmp_path / "facts.db")
    yield found
    found.close()


@pytest.fixture
def known():
    folders = [RunFolder(*key, (b"tfevents",), int(at * 1e9), 1) for key, at in ((A, 990.0), (B, 100.0))]
    table = MeasuredRow(*C, "hpc/csv", "table", "finished", "", None, 500.0, None, 1, 1)
    return known_runs(folders, [table])


def test_every_run_can_be_marked(known):
    assert {key: run.name for key, run in known.items()} == {A: "gpu/a", B: "gpu/b%FF", C: "hpc/csv"}


def test_an_answer_says_what_changed(facts, known):
    answer, differ = marked({"runs": ["gpu/*"], "hidden": True}, known, facts, NOW)
    assert answer["changed"] == ["gpu/a", "gpu/b%FF"]
    assert set(differ) == {A, B}
    answer, differ = marked({"run": "gpu/a", "note": "good", "hidden": True}, known, facts, NOW)
    assert answer["runs"] == [
        {
            "run": "gpu/a", "key": ["gpu", "tb", "a"], "hidden": True, "pinned": False, "note": "good",
            "tags": [], "changed": True,
        }
    ]  # fmt: skip
    answer, differ = marked({"run": "gpu/a", "hidden": True}, known, facts, NOW)
    assert (answer["changed"], differ) == ([], {})
    assert answer["runs"][0]["note"] == "good"


def test_a_run_can_be_named_by_what_identifies_it(facts, known):
    answer, _ = marked(
        {"runs": [["gpu", "tb", "b\udcff"], ["hpc", "csv", ""]], "pinned": True}, known, facts, NOW
    )
    assert answer["changed"] == ["gpu/b%FF", "hpc/csv"]
    assert facts.marks.known()[B].pinned


def test_by_age_and_host(facts, known):
    answer, _ = marked({"older_than": 300.0, "hidden": True}, known, facts, NOW)
    assert answer["changed"] == ["gpu/b%FF", "hpc/csv"]
    answer, _ = marked({"host": "hpc", "hidden": None}, known, facts, NOW)
    assert answer["changed"] == ["hpc/csv"]


def test_a_dry_run_says_it_only(facts, known):
    answer, _ = marked({"run": "gpu/a", "hidden": True, "dry_run": True}, known, facts, NOW)
    assert answer["changed"] == ["gpu/a"]
    assert facts.marks.known() == {}


@pytest.mark.parametrize(
    "request_",
    [
        {"hidden": True},
        {"run": "gpu/a"},
        {"run": "gpu/none", "hidden": True},
        {"run": 5, "hidden": True},
        {"runs": [["gpu", "tb"]], "hidden": True},
        {"runs": [["gpu", "tb", "none"]], "hidden": True},
    ],
)
def test_what_is_refused_changes_nothing(facts, known, request_):
    with pytest.raises(Error):
        marked(request_, known, facts, NOW)
    assert facts.marks.known() == {}


def test_without_a_daemon(tmp_path):
    paths = Paths.of({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path / "run")})
    paths.config_file.parent.mkdir(parents=True)
    paths.config_file.write_text(f"root: {tmp_path}/root\n")
    folder = tmp_path / "root/mirror/gpu/tb/a"
    folder.mkdir(parents=True)
    (folder / "tfevents.1").write_bytes(b"")
    assert mark_here(paths, {"run": "gpu/a", "pinned": True}, NOW)["changed"] == ["gpu/a"]
    assert mark_here(paths, {"run": "gpu/a", "pinned": True}, NOW)["changed"] == []
    with only_one(paths.lock_file, "a test"), pytest.raises(LockedError):
        mark_here(paths, {"run": "gpu/a", "pinned": False}, NOW)
