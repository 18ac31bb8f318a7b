"""The file that TensorBoard writes its messages to, kept small."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from expsyncd.paths import PRIVATE_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST = 5_000_000  # bytes; a fault that repeats each second fills this in a day
READ_MOST = 64_000
NEWS_MOST = 1_000_000
LINE_SHOWN = 200  # characters


class Output:
    """One file for all TensorBoards, appended to."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._begin = 0
        self._told = 0

    @contextmanager
    def opened(self) -> Iterator[int]:
        """A descriptor for a child to append to. Raises OSError."""
        self.bound()
        descriptor = os.open(self.file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        try:
            self._begin = self._told = os.fstat(descriptor).st_size
            yield descriptor
        finally:
            os.close(descriptor)

    def bound(self) -> None:
        """Empty the file when it got too long; whoever appends goes on at its new end."""
        try:
            if self.file.stat().st_size > LONGEST:
                os.truncate(self.file, 0)
                self._begin = self._told = 0
        except OSError:
            return

    def news(self) -> str:
        """The whole lines that came since the last time, of this life."""
        try:
            with self.file.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                if self._told > size:  # somebody emptied it
                    self._told = 0
                file.seek(self._told)
                piece = file.read(NEWS_MOST)
                lines, end, _ = piece.rpartition(b"\n")
                if not end and len(piece) == NEWS_MOST:
                    lines = piece  # no line is that long
                self._told += len(lines + end)
                return lines.decode("utf-8", "surrogateescape")
        except OSError:
            return ""

    def text(self) -> str:
        """The end of what was written since it was last opened."""
        try:
            with self.file.open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(self._begin, size - READ_MOST) if size >= self._begin else 0)
                return file.read(READ_MOST).decode("utf-8", "replace")
        except OSError:
            return ""

    def last_line(self) -> str:
        """The last line since then, for people."""
        lines = [line for line in self.text().splitlines() if line.strip()]
        last = lines[-1].strip() if lines else ""
        return "".join(char if char.isprintable() else "?" for char in last)[:LINE_SHOWN]
