"""What is wrong with hosts.yaml and where: every problem of a file is collected, none stops the others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from expsyncd.errors import EXIT_CONFIG, Error

MOST_PROBLEMS = 100  # a generated file can be wrong everywhere; nobody reads further
WIDEST_LINE = 160  # shown of a source line, around the column

# YAML's own line breaks, so that our line numbers are the parser's
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")


class Mark(NamedTuple):
    """A place in the file, both counted from 1; columns are characters."""

    line: int
    column: int


@dataclass(frozen=True)
class Problem:
    """One thing to mend in the file. `source_line` is the line it is in, cut when long."""

    file: str
    line: int
    column: int
    message: str
    source_line: str
    caret: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.message}"

    def excerpt(self) -> str:
        """The source line with a caret under the place; empty when the line is."""
        return f"{self.source_line}\n{' ' * (self.caret - 1)}^" if self.source_line.strip() else ""


class ConfigError(Error):
    """The file cannot be used; `problems` says all that is wrong with it, in the order of the file."""

    exit_status = EXIT_CONFIG

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        more = len(problems) - 1
        super().__init__(
            str(problems[0]) + (f" (and {more} more)" if more else ""),
            "mend it; `expsyncd config check` shows every problem",
        )
        self.problems = problems


class Fault(Exception):  # noqa: N818 - never leaves the package: it becomes a Problem
    """A piece that cannot be read. Without a message it was reported before."""

    def __init__(self, mark: Mark, message: str = "") -> None:
        super().__init__(message)
        self.mark = mark
        self.message = message


class Problems:
    """Collects what is wrong with the one file `file` whose text is `text`."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = LINE_BREAK.split(text)
        self._found: dict[tuple[Mark, str], Problem] = {}

    def add(self, mark: Mark, message: str) -> None:
        """Note one problem; the hundredth ends the reading (raises ConfigError)."""
        line = self._lines[mark.line - 1] if mark.line <= len(self._lines) else ""
        start = max(0, mark.column - 1 - WIDEST_LINE // 2) if len(line) > WIDEST_LINE else 0
        shown = "".join(c if c.isprintable() else " " for c in line[start : start + WIDEST_LINE])
        message = "".join(c if c.isprintable() else "?" for c in message)  # it may quote what was written
        self._found[mark, message] = Problem(
            self._file, mark.line, mark.column, message, shown.rstrip(), mark.column - start
        )
        if len(self._found) >= MOST_PROBLEMS:
            self.check()

    def note(self, fault: Fault) -> None:
        """Note a fault unless it was reported before."""
        if fault.message:
            self.add(fault.mark, fault.message)

    def check(self) -> None:
        """Raise ConfigError when anything was noted."""
        if self._found:
            raise ConfigError(tuple(sorted(self._found.values(), key=lambda p: (p.line, p.column))))
