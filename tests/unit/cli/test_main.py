import sys

import pytest

from expsyncd.cli.group import split, usage
from expsyncd.cli.main import COMMANDS, GROUPS, main


def run(capsys, *words):
    with pytest.raises(SystemExit) as exit_:
        main(list(words))
    said = capsys.readouterr()
    return exit_.value.code, said.out, said.err


@pytest.fixture(autouse=True)
def elsewhere(monkeypatch, tmp_path):
    for name in ("XDG_RUNTIME_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("EXPSYNCD_CONFIG", str(tmp_path / "hosts.yaml"))


def test_help_fits_and_lists_every_command(capsys):
    code, out, _ = run(capsys)
    assert code == 0
    assert out == usage(COMMANDS, GROUPS)
    assert all(f"\n{heading}:\n  {name} " in out for name, heading in GROUPS.items())
    assert max(map(len, out.splitlines())) <= 80
    assert all(f"  {name} " in out for name in COMMANDS)
    assert run(capsys, "--help")[1] == out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(capsys, name):
    code, out, _ = run(capsys, name, "--help")
    assert code == 0
    assert f"expsyncd {name}" in out
    assert max(map(len, out.splitlines())) <= 80


def test_version(capsys):
    assert run(capsys, "--version") == (0, "expsyncd 0.1.0\n", "")


def test_misuse_is_two_with_advice(capsys):
    code, _, err = run(capsys, "stauts")
    assert code == 2
    assert "did you mean 'status'" in err
    assert run(capsys, "--nonsense")[0] == 2
    assert run(capsys, "--config")[0] == 2
    assert run(capsys, "login")[0] == 2


def test_errors_are_title_and_advice(capsys):
    code, _, err = run(capsys, "pause")
    assert code == 3
    assert err.splitlines()[0] == "expsyncd: expsyncd is not running"
    assert err.splitlines()[1].startswith("  start it: ")
    assert "Traceback" not in err


def test_global_options():
    assert split(["--config=a", "--debug", "pull", "--json"]) == (
        {"--config": "a", "--debug": ""},
        ["pull", "--json"],
    )
    assert split(["--config", "a", "pull"]) == ({"--config": "a"}, ["pull"])


def test_versions_lists_by_default(capsys):
    assert run(capsys, "versions")[:2] == (0, "nothing is kept: no mirrored file was replaced so far\n")
    assert run(capsys, "versions", "gpu1/logs")[1] == "nothing is kept of gpu1/logs\n"
    assert run(capsys, "versions", "--json")[1] == "[]\n"


def test_status_loads_no_framework(capsys):
    before = set(sys.modules)
    assert run(capsys, "status")[0] == 3
    assert not {
        m for m in set(sys.modules) - before if m.split(".")[0] in ("typer", "rich", "pydantic", "asyncio")
    }
