import pytest

from expsyncd.cli.completion import OF_HOSTS, OF_RUNS, SCRIPTS, candidates
from expsyncd.cli.main import COMMANDS
from support.catalogues import catalogue, run
from support.cli import Here


@pytest.fixture
def here(tmp_path, monkeypatch, capsys):
    found = Here(tmp_path, monkeypatch, capsys)
    catalogue(found.paths.catalogue_db, (run("gpu1/gan/a"),), (run("gpu2/b"),))
    (tmp_path / "hosts.yaml").write_text("hosts:\n  gpu1: {sources: [~/a]}\n  hpc: {sources: [~/b]}\n")
    return found


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["vers"], ["versions", "version"]),
        (["show", "gpu1"], ["gpu1/gan/a"]),
        (["diff", "gpu1/gan/a", ""], ["gpu1/gan/a", "gpu2/b"]),
        (["pause", "h"], ["hpc"]),
        (["runs", "--li"], ["--limit"]),
        (["pause", "--"], ["--help"]),
        (["versions", "x"], []),
        (["nonsense", "--"], []),
        (["nonsense", ""], []),
    ],
)
def test_candidates(here, words, expected):
    assert sorted(here.said("completion", "--for", *words).split()) == sorted(expected)


def test_all_commands_to_begin_with(here):
    assert candidates([]) == candidates([""]) == list(COMMANDS)


def test_nothing_is_known_yet(tmp_path, monkeypatch, capsys):
    nobody = Here(tmp_path, monkeypatch, capsys)
    assert nobody.said("completion", "--for", "show", "") == ""
    assert nobody.said("completion", "--for", "pull", "") == ""


def test_scripts(here):
    for shell, script in SCRIPTS.items():
        assert here.said("completion", shell) == f"{script}\n"
    assert "~/.bashrc" in here.said("completion")
    assert here.run("completion", "tcsh")[0] == 2


def test_its_tables_know_commands_only():
    assert (OF_RUNS | OF_HOSTS) - set(COMMANDS) <= {"tail", "gpus", "jobs"}
