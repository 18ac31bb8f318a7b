"""The daemon's log: one-line records to stderr (journald's priorities there) and to a small rotating file."""

from __future__ import annotations

import logging
import os
import sys
from logging.handlers import RotatingFileHandler
from typing import TYPE_CHECKING

from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE_BYTES = 5_000_000
FILES = 3
STDERR = 2
# systemd reads a line's priority from `<N>` before it (sd-daemon(3)).
PRIORITIES = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3, logging.CRITICAL: 2}


class OneLine(logging.Formatter):
    """Records on one line each: control characters (also of a traceback) are escaped."""

    def __init__(self, pattern: str, *, priorities: bool = False) -> None:
        super().__init__(pattern, datefmt="%Y-%m-%d %H:%M:%S")
        self._priorities = priorities

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line."""
        line = "".join(c if c.isprintable() else _escaped(c) for c in super().format(record))
        return f"<{PRIORITIES.get(record.levelno, 6)}>{line}" if self._priorities else line


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class _PrivateFile(RotatingFileHandler):
    def _open(self):  # type: ignore[no-untyped-def]  # noqa: ANN202 - the parent's own type
        os.close(os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE))
        return super()._open()


def to_journal(environment: Mapping[str, str], descriptor: int) -> bool:
    """Whether `descriptor` is the journal's pipe (systemd.exec(5), $JOURNAL_STREAM).

    The variable alone says nothing: terminals that systemd started hand it on to every shell in them.
    """
    try:
        found = os.fstat(descriptor)
    except OSError:
        return False
    return environment.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}"


def set_up(file: Path, environment: Mapping[str, str]) -> None:
    """Log to stderr and to `file` from now on."""
    journal = to_journal(environment, STDERR)
    to_stderr = logging.StreamHandler(sys.stderr)
    pattern = "%(message)s" if journal else "%(asctime)s %(levelname)s %(message)s"
    to_stderr.setFormatter(OneLine(pattern, priorities=journal))
    to_file = _PrivateFile(file, maxBytes=FILE_BYTES, backupCount=FILES, encoding="utf-8", errors="replace")
    to_file.setFormatter(OneLine("%(asctime)s %(levelname)s %(message)s"))
    logging.raiseExceptions = False  # a full disk must not turn every record into a traceback
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    for handler in (to_stderr, to_file):
        root.addHandler(handler)
    # These tell of every job and every file event, which says nothing to a person.
    for name in ("apscheduler", "watchdog", "paramiko", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
