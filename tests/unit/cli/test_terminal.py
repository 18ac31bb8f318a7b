import io
import sys

import pytest

from expsyncd.cli import terminal


class Stream(io.TextIOWrapper):
    def __init__(self, encoding, *, tty=True):
        super().__init__(io.BytesIO(), encoding=encoding)
        self.tty = tty

    def isatty(self):
        return self.tty


@pytest.mark.parametrize(
    ("tty", "environment", "expected"),
    [
        (True, {"TERM": "xterm"}, True),
        (False, {"TERM": "xterm"}, False),
        (True, {"TERM": "dumb"}, False),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_colour(monkeypatch, tty, environment, expected):
    monkeypatch.delenv("NO_COLOR", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "stdout", Stream("utf-8", tty=tty))
    assert terminal.coloured() is expected


@pytest.mark.parametrize(
    ("encoding", "term", "dots", "braille"),
    [
        ("utf-8", "xterm", "…", True),
        ("utf-8", "linux", "…", False),
        ("latin-1", "xterm", "~", False),
        ("ascii", "xterm", "~", False),
    ],
)
def test_characters(monkeypatch, encoding, term, dots, braille):
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", Stream(encoding))
    assert (terminal.dots(), terminal.braille()) == (dots, braille)


@pytest.mark.parametrize(("given", "expected"), [("100", 100), ("5", 40), ("9999", 400)])
def test_columns(monkeypatch, given, expected):
    monkeypatch.setenv("COLUMNS", given)
    assert terminal.columns() == expected
