import pytest

from expsyncd.cli.main import main
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts
from expsyncd.state.lock import only_one
from expsyncd.state.marks import Mark
from support.catalogues import catalogue, run


@pytest.fixture
def paths(monkeypatch, tmp_path):
    environment = {
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_STATE_HOME": str(tmp_path),
        "HOME": str(tmp_path),
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = Paths.of(environment)
    catalogue(found.catalogue_db, (run("gpu/a"),), (run("gpu/b%FF", inside=b"b\xff"),), (run("gpu/b2"),))
    return found


def said(capsys, *words):
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    out = capsys.readouterr()
    return exit_.value.code, out.out + out.err


def marks(paths):
    facts = Facts.read_only(paths.facts_db)
    found = facts.marks.known()
    facts.close()
    return set(found.values())


def test_a_note_is_written_shown_and_taken_back(capsys, paths):
    assert said(capsys, "note", "a") == (0, "gpu/a has no note: expsyncd note gpu/a 'TEXT'\n")
    assert said(capsys, "note", "a", "the", "baseline") == (0, "gpu/a: noted\n")
    assert said(capsys, "note", "gpu/a") == (0, "the baseline\n")
    assert marks(paths) == {Mark("gpu", "logs", b"a", note="the baseline")}
    assert said(capsys, "note", "a", "--clear") == (0, "gpu/a: no note any more\n")
    assert marks(paths) == set()
    assert said(capsys, "note", "a", "x", "--clear")[0] == 2


def test_no_secret_is_kept(capsys, paths):
    token = "hf_" + "aB3dE5gH7jK9mN1pQ3sT5vW7xZ9bC1dE3f"
    assert said(capsys, "note", "a", f"with --token={token}") == (
        0, "gpu/a: noted; what looks like a secret is left out\n",
    )  # fmt: skip
    assert token not in said(capsys, "note", "a")[1]
    assert token.encode() not in paths.facts_db.read_bytes()


def test_tags(capsys, paths):
    assert said(capsys, "tag", "gpu/b*", "paper", "v2") == (0, "2 runs: done\n")
    assert marks(paths) == {
        Mark("gpu", "logs", b"b\xff", tags=("paper", "v2")),
        Mark("gpu", "logs", b"b2", tags=("paper", "v2")),
    }
    assert said(capsys, "tag", "b2", "--remove", "v2") == (0, "gpu/b2: done\n")
    assert said(capsys, "tag", "b2") == (0, "gpu/b2: paper\n")
    assert said(capsys, "tag", "a") == (0, "gpu/a: no tags\n")
    assert said(capsys, "tag", "a", "x,y") == (
        1,
        "expsyncd: 'x,y' is no tag\n  a tag is a word or several, without a comma\n",
    )


def test_another_command_holds_the_lock(capsys, paths):
    paths.make_private()
    with only_one(paths.lock_file, "a pull"):
        code, words = said(capsys, "note", "a", "x")
    assert code == 75
    assert "a pull" in words
