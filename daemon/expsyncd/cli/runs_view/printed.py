"""Lines for a terminal: cut, wrapped and painted as it can show them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from expsyncd.cli.runs_view import elide, grid
from expsyncd.cli.runs_view.values import harmless
from expsyncd.units import human_seconds

BOLD, DIM, YELLOW = "1", "2", "33"
INDENT = 2


class Printed:
    """Lines of at most `width` columns; `unicode`: whether the terminal shows dots and braille."""

    def __init__(self, width: int, now: float, *, colour: bool, unicode: bool) -> None:
        self.lines: list[str] = []
        self.width = width
        self.now = now
        self.unicode = unicode
        self._colour = colour
        self._dots = elide.DOTS if unicode else elide.PLAIN_DOTS

    def title(self, word: str, beside_: str) -> None:
        """A heading, and what it is about beside it."""
        rest = self.cut(harmless(beside_), self.width - len(word) - 2) if beside_ else ""
        painted = self.paint(word.upper(), BOLD)
        self.lines += ["", f"{painted}  {self.paint(rest, DIM)}".rstrip() if rest else painted]

    def wrap(self, text: str, code: str = "", indent: int = 0, hang: int = 2) -> None:
        """A text, on as many lines as it needs."""
        for line in wrapped(harmless(text), max(20, self.width - indent), hang):
            self.lines.append(" " * indent + self.paint(line, code))

    def more(self, number: int, one: str, many: str = "") -> None:
        """That there is more than is shown."""
        words = f"{number} more {many or one + 's'}" if number != 1 else f"1 more {one}"
        self.wrap(f"and {words} (--json has all)", DIM, INDENT)

    def cut(self, text: str, room: int) -> str:
        """A text cut in the middle where it is too long."""
        return elide.cut(text, room, dots=self._dots)

    def paint(self, text: str, code: str) -> str:
        """A text in a colour, where there are any."""
        return grid.painted_in(text, code, colour=self._colour)

    def age(self, stamp: float) -> str:
        """`3h ago`."""
        return f"{human_seconds(max(0.0, self.now - stamp))} ago"

    def when(self, stamp: float | None) -> str:
        """`2026-01-31 12:00 (3h ago)`, by the clock of this computer."""
        if stamp is None:
            return "?"
        try:
            local = datetime.fromtimestamp(stamp, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
        except (ValueError, OverflowError, OSError):
            return "at a time that no calendar has"
        return f"{local} ({self.age(stamp)})"


def wrapped(text: str, width: int, hang: int) -> list[str]:
    """The text in lines of `width` columns at most, all but the first `hang` columns in.

    Words that are too long are cut up. Unlike textwrap it knows that Chinese characters take two columns.
    """
    first, *words = text.split(" ")
    lines: list[str] = []
    line, room = first, width
    for word in [*words, None]:
        while elide.cells(line) > room:
            end = _fitting(line, room)
            lines.append(line[:end])
            line, room = line[end:], width - hang
        if word is None:
            break
        if line.strip() and elide.cells(line) + 1 + elide.cells(word) > room:
            lines.append(line.rstrip())
            line, room = word, width - hang
        else:
            line = f"{line} {word}"
    lines.append(line.rstrip())
    return [line if number == 0 else " " * hang + line for number, line in enumerate(lines)]


def _fitting(text: str, room: int) -> int:
    """How many characters fit into so many columns; one at least."""
    used = 0
    for number, character in enumerate(text):
        used += elide.cells(character)
        if used > room:
            return max(1, number)
    return len(text)
