"""The bytes of a log as lines for a terminal: whole, without colours and control bytes. Pure."""

from __future__ import annotations

import re

from expsyncd.mirror.layout import shown

LONGEST = 1 << 16  # of a line; a longer one comes in pieces
# Colours and cursor moves (CSI), titles (OSC) and the rest of what begins with ESC.
_ESCAPES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?|\x1b[ -/]*[0-~]")


class Lines:
    """`feed` it what is added to a log; gives whole lines. `rest` is what has no end yet."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, added: bytes) -> list[str]:
        """The lines that are whole now."""
        *whole, self._held = (self._held + added).split(b"\n")
        found = [harmless(line) for line in whole]
        if len(self._held) > LONGEST:
            # A progress bar draws its line again and again: only how it stands counts.
            self._held = self._held.rstrip(b"\r").rpartition(b"\r")[2]
        while len(self._held) > LONGEST:
            found.append(harmless(self._held[:LONGEST]))
            self._held = self._held[LONGEST:]
        return found

    @property
    def rest(self) -> str:
        """What follows the last line break, as it stands."""
        return harmless(self._held)

    def forget(self) -> None:
        """The file was replaced."""
        self._held = b""


def harmless(line: bytes) -> str:
    """One line as it would stand on the screen: of what a progress bar drew, the last."""
    parts = [part for part in line.split(b"\r") if part.strip()]
    text = _ESCAPES.sub(b"", parts[-1] if parts else b"")
    return shown(text.expandtabs(8))


def last_lines(read: bytes, count: int) -> bytes:
    """The end of what was read that holds the last `count` lines."""
    if count <= 0:
        return b""
    place = len(read)
    for _ in range(count + (not read or read.endswith(b"\n"))):
        place = read.rfind(b"\n", 0, place)
        if place < 0:
            return read
    return read[place + 1 :]
