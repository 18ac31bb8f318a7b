"""What `expsyncd demo` shows: where things are, the live status with figures, the table at the end."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from rich.live import Live
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from expsyncd.cli.screen import render
from expsyncd.cli.status import width
from expsyncd.cli.terminal import coloured
from expsyncd.units import human_bytes, human_seconds

if TYPE_CHECKING:
    from rich.console import Console

    from expsyncd.demo.check import Kind, Verdict
    from expsyncd.demo.places import Places

LINE_EVERY_S = 5.0  # in a pipe
_IMAGES = frozenset({".png"})


@dataclass(frozen=True)
class Figures:
    """What was here when it was counted; `newest_s` is the age of the newest point TensorBoard served."""

    points: int = 0
    newest_s: float | None = None
    files: int = 0
    bytes: int = 0
    images: int = 0

    def line(self, running_s: float) -> str:
        """One line for people."""
        age = "" if self.newest_s is None else f" (newest {max(0.0, self.newest_s):.1f} s old)"
        parts = [
            human_seconds(running_s),
            f"{self.points} points{age}",
            f"{self.files} files, {human_bytes(self.bytes)}",
            f"{self.images} images",
        ]
        return "   ".join(parts)


def mirrored(places: Places) -> tuple[int, int, int]:
    """Files, bytes and images in the mirror now. Blocks."""
    files = [path for path in places.mirror.rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in files)
    return len(files), size, sum(path.suffix in _IMAGES for path in files)


class Screen:
    """The status, again and again in a terminal; a line of figures now and then in a pipe."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._last_line = 0.0
        self._live = (
            Live(console=console, auto_refresh=False, vertical_overflow="crop")
            if console.is_terminal
            else None
        )

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._live.stop()

    def show(self, status: dict[str, Any], figures: Figures, note: str) -> None:
        """Show the present state; `note` says how it ends."""
        running_s = time.monotonic() - self._began
        if self._live:
            page = [
                *render(status, width(), colour=coloured()),
                "",
                figures.line(running_s),
                note,
            ]
            self._live.update(Text.from_ansi("\n".join(page)), refresh=True)
        elif time.monotonic() - self._last_line >= LINE_EVERY_S:
            self._last_line = time.monotonic()
            self._console.print(figures.line(running_s), soft_wrap=True)


def introduce(console: Console, places: Places, url: str | None) -> None:
    """Say what is running and where to look."""
    lines = [
        ("the GPU machine (a built-in ssh host)", places.gpu),
        ("what arrives from it", places.mirror),
        ("hosts.yaml", places.config_file),
    ]
    for words, place in lines:
        console.print(f"{words:>37}  {escape(str(place))}", soft_wrap=True)
    words = f"TensorBoard   [bold]{url}[/bold]" if url else "TensorBoard is starting"
    console.print(Panel(words, expand=False, padding=(1, 3)))


def _result(kind: Kind) -> str:
    if kind.wrong or not kind.files:
        return "[red]" + escape(kind.wrong[0] if kind.wrong else "none written") + "[/red]"
    if not kind.skipped:
        return "[green]equal[/green]"
    return f"{'rest ' if kind.equal else ''}left out on purpose: {escape(kind.skipped[0][1])}"


def summarise(console: Console, verdict: Verdict) -> None:
    """The table of every kind of file, then the points of every run, then what failed."""
    console.print("\nWhat the host wrote, and how much of it is here byte for byte:")
    table = Table()
    for column in ("kind", "on the host", "size", "here", "result"):
        table.add_column(column, justify="right" if column in ("on the host", "size", "here") else "left")
    for kind in verdict.kinds:
        table.add_row(kind.name, str(kind.files), human_bytes(kind.bytes), str(kind.equal), _result(kind))
    console.print(table)
    console.print("Points that TensorBoard serves and that were written after it had started:")
    table = Table()
    table.add_column("run")
    table.add_column("new points", justify="right")
    for run, new in verdict.points.items():
        table.add_row(run, str(new) if new else "[red]none[/red]")
    console.print(table)
    console.print("Animations of sample images:")
    table = Table()
    for column in ("run", "images", "frames", "size"):
        table.add_column(column, justify="left" if column == "run" else "right")
    for one in verdict.animations:
        frames = str(one.frames) if one.passed else f"[red]{one.frames}[/red]"
        table.add_row(one.run, str(one.images), frames, human_bytes(one.size))
    console.print(table)
    if verdict.launched:
        console.print("Commands of the launch script:")
    for found in verdict.launched:
        console.print(f"  {escape(found.run)}: {escape(found.command or 'none')}", soft_wrap=True)
    for failure in verdict.failures:
        console.print(f"[red]failed[/red]  {escape(failure)}", soft_wrap=True)
    if verdict.passed:
        console.print("[green]everything arrived[/green]")
