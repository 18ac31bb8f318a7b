import json

import pytest
from typer.testing import CliRunner

from expsyncd.cli.config import app
from expsyncd.errors import EXIT_CONFIG


@pytest.fixture
def file(tmp_path, monkeypatch):
    monkeypatch.setenv("EXPSYNCD_CONFIG", str(tmp_path / "hosts.yaml"))
    return tmp_path / "hosts.yaml"


def ask(*words):
    return CliRunner().invoke(app, list(words))


def test_a_right_file_in_one_line(file):
    file.write_text("hosts:\n  gpu1: {sources: [~/a, ~/b]}\n")
    found = ask("check")
    assert (found.exit_code, found.stdout) == (0, f"{file}: 1 host, 2 sources\n")


def test_every_problem_with_line_and_caret(file):
    other = file.with_name("other.yaml")
    other.write_text("root: there\nintervall: 60s\n")
    found = ask("check", str(other))
    assert found.exit_code == EXIT_CONFIG
    assert found.stdout == ""
    assert found.stderr == (
        f"{other}:1:7: the root must be absolute or begin with ~/\n"
        "    root: there\n"
        "          ^\n"
        f'{other}:2:1: there is no key "intervall" here; did you mean "interval"?\n'
        "    intervall: 60s\n"
        "    ^\n"
    )


def test_a_file_that_is_not_there(file):
    found = ask("check")
    assert found.exit_code == EXIT_CONFIG
    assert "expsyncd init" in found.stderr


def test_path_says_where_though_nothing_is_there(file):
    assert ask("path").stdout == f"{file}\n"


def test_schema_is_json():
    assert "hosts" in json.loads(ask("schema").stdout)["properties"]
