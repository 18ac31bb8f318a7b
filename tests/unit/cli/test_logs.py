"""`logs -f` loses no line over a rotation."""

from __future__ import annotations

from contextlib import suppress

import pytest

from expsyncd.cli.logs import grown, show_logs
from expsyncd.errors import Error


class EndError(Exception):
    pass


class Days:
    """What happens between two looks, one step at a time."""

    def __init__(self, *steps):
        self.steps = list(steps)

    def __call__(self):
        if not self.steps:
            raise EndError
        self.steps.pop(0)()


def follow(file, *steps):
    found: list[str] = []
    with file.open() as log, suppress(EndError):
        found.extend(grown(file, log, wait=Days(*steps)))
    return found


def add(file, text):
    def act():
        with file.open("a") as log:
            log.write(text)

    return act


def rotate(file):
    return lambda: file.rename(file.with_suffix(".1"))


def both(*acts):
    return lambda: [act() for act in acts]


def test_what_is_added_is_shown_once(tmp_path):
    file = tmp_path / "log"
    file.write_text("before\n")
    assert follow(file, add(file, "a\n"), lambda: None, add(file, "b\nc\n"), lambda: None) == [
        "before\n", "a\n", "b\n", "c\n",
    ]  # fmt: skip


def test_a_rotation_between_two_looks_loses_nothing(tmp_path):
    file = tmp_path / "log"
    file.write_text("")
    steps = [
        both(add(file, "last of the old\n"), rotate(file), add(file, "first of the new\n")),
        lambda: None,
    ]
    assert follow(file, *steps, add(file, "second\n"), lambda: None) == [
        "last of the old\n", "first of the new\n", "second\n",
    ]  # fmt: skip


def test_a_look_between_the_two_steps_of_a_rotation(tmp_path):
    file = tmp_path / "log"
    file.write_text("")
    assert follow(file, rotate(file), add(file, "new\n"), lambda: None) == ["new\n"]


@pytest.fixture
def log(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    (tmp_path / "expsyncd").mkdir()
    return tmp_path / "expsyncd/expsyncd.log"


def test_the_last_lines(log, capsys):
    log.write_bytes(b"1\n2\n\xff\n")
    show_logs(lines=2)
    assert capsys.readouterr().out == "2\n\ufffd\n"
    show_logs(lines=0)
    assert capsys.readouterr().out == ""


def test_nothing_was_logged_yet(log):
    with pytest.raises(Error, match="nothing was logged yet"):
        show_logs()
