"""Progress bars for pulls: bytes, rate and time left per source; plain lines where there is no terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.progress import Progress, TaskID


class Bars:
    """Use with `with`; rich is imported only for a terminal."""

    def __init__(self, *, enabled: bool) -> None:
        self._enabled = enabled
        self._progress: Progress | None = None
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        if self._enabled:
            from rich.progress import (
                BarColumn,
                DownloadColumn,
                Progress,
                TextColumn,
                TimeRemainingColumn,
                TransferSpeedColumn,
            )

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=20),
                DownloadColumn(),
                TransferSpeedColumn(),
                TimeRemainingColumn(compact=True),
            )
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()

    def say(self, lines: Sequence[str]) -> None:
        """Lines that stay."""
        for line in lines:
            if self._progress is not None:
                self._progress.console.print(line, markup=False, highlight=False)
            else:
                print(line, flush=True)

    def progress(self, event: dict[str, Any]) -> None:
        """Move a source's bar."""
        if self._progress is None:
            return
        name = f"{event['host']}/{event['source']}"
        if name not in self._bars:
            self._bars[name] = self._progress.add_task(name)
        self._progress.update(self._bars[name], completed=event["bytes"], total=event["total_bytes"])

    def done(self, event: dict[str, Any]) -> None:
        """Take a source's bar away."""
        name = f"{event['host']}/{event['source']}"
        if self._progress is not None and name in self._bars:
            self._progress.remove_task(self._bars.pop(name))
