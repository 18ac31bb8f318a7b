import logging
import os
import sys
from contextlib import suppress

import pytest

from expsyncd.logs import OneLine, set_up, to_journal


def record(message, level=logging.WARNING, *, error=None):
    return logging.LogRecord("x", level, "f", 1, message, (), error)


def test_one_line_whatever_a_host_calls_its_files():
    line = OneLine("%(message)s").format(record("a\nb \x1b[31m \u202e"))
    assert line == "a\\nb \\x1b[31m \\u202e"


def test_tracebacks_are_one_line_too():
    try:
        int("x")
    except ValueError:
        line = OneLine("%(message)s").format(record("oh", error=sys.exc_info()))
    assert "\n" not in line
    assert "ValueError: invalid" in line


def test_priorities_for_the_journal():
    journal = OneLine("%(message)s", priorities=True)
    assert journal.format(record("w")) == "<4>w"
    assert journal.format(record("i", logging.INFO)) == "<6>i"


@pytest.fixture
def clean_root():
    root = logging.getLogger()
    before, level, raising = root.handlers[:], root.level, logging.raiseExceptions
    yield root
    logging.raiseExceptions = raising
    for handler in root.handlers[:]:
        if handler not in before:
            root.removeHandler(handler)
            handler.close()
    root.setLevel(level)


def test_the_file_is_private_and_holds_what_was_said(clean_root, tmp_path, capsys):
    set_up(tmp_path / "log", {})
    logging.getLogger("expsyncd.x").warning("hello %s", "gpu")
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o600
    assert "WARNING hello gpu" in (tmp_path / "log").read_text()


def test_a_full_disk_is_not_told_by_a_traceback_a_record(clean_root, tmp_path, capsys):
    set_up(tmp_path / "log", {})
    to_file = clean_root.handlers[-1]
    with suppress(OSError), open("/dev/full", "w") as full:
        to_file.setStream(full).close()
        logging.getLogger("expsyncd.x").warning("hello")
        to_file.stream = None
    said = capsys.readouterr().err
    assert said.endswith("WARNING hello\n")
    assert said.count("\n") == 1


def test_only_the_journals_own_pipe_gets_priorities():
    read_end, write_end = os.pipe()
    found = os.fstat(write_end)
    handed_on = {"JOURNAL_STREAM": f"{found.st_dev}:{found.st_ino}"}
    assert to_journal(handed_on, write_end)
    assert not to_journal({}, write_end)
    with open(os.devnull) as other:
        assert not to_journal(handed_on, other.fileno())  # a terminal that systemd started
    os.close(read_end)
    os.close(write_end)
    assert not to_journal(handed_on, write_end)
