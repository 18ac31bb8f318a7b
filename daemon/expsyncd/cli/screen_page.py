"""The lines of the status screen as they come together: width, colour, moments. Pure."""

from __future__ import annotations

import textwrap
from datetime import datetime

from expsyncd.units import human_seconds

GREEN, YELLOW, RED, DIM, BOLD = "32", "33", "31", "2", "1"
COLOURS = {
    "connected": GREEN, "fresh": GREEN, "serving": GREEN, "open": GREEN,
    "pulling": GREEN, "connecting": YELLOW, "waiting": YELLOW, "stale": YELLOW, "partial": YELLOW,
    "restarting": YELLOW, "starting": YELLOW, "never": DIM, "paused": DIM, "off": DIM,
    "suspect": RED, "failed": RED, "needs-login": RED,
}  # fmt: skip


class Page:
    """Collects lines; knows width and colour."""

    def __init__(self, width: int, *, colour: bool, now: datetime) -> None:
        self.lines: list[str] = []
        self.width = width
        self.now = now
        self._colour = colour

    def paint(self, text: str, code: str) -> str:
        """The text in a colour, where there are any."""
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text

    def add(self, indent: int, word: str, rest: str, *, hang: int = 4) -> None:
        """A coloured word and its text; what does not fit goes on `hang` columns in."""
        if hang > self.width // 2:
            hang = 4
        wrapped = textwrap.wrap(
            f"{' ' * indent}{word}{rest}", self.width, subsequent_indent=" " * hang, break_on_hyphens=False
        )
        painted = self.paint(word, COLOURS.get(word.strip(), ""))
        self.lines.append(wrapped[0].replace(word, painted, 1))
        self.lines += wrapped[1:]

    def text(self, indent: int, text: str, code: str = "") -> None:
        """A text, on as many lines as it needs."""
        for line in textwrap.wrap(text, max(20, self.width - indent), subsequent_indent="  ") or [""]:
            self.lines.append(" " * indent + self.paint(line, code))

    def ago(self, stamp: str | None) -> str:
        """`3h ago`, or `never`."""
        moment = _moment(stamp)
        return "never" if moment is None else f"{human_seconds((self.now - moment).total_seconds())} ago"

    def until(self, stamp: str | None) -> str:
        """`in 8s`; empty for no moment."""
        moment = _moment(stamp)
        return "" if moment is None else f"in {human_seconds((moment - self.now).total_seconds() + 0.999)}"


def _moment(stamp: str | None) -> datetime | None:
    return None if stamp is None else datetime.fromisoformat(stamp)
