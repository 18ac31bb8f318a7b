"""Writing one-off animations from the command line, with a progress bar."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from expsyncd.config.load import load
from expsyncd.errors import Error
from expsyncd.mirror.root import resolved
from expsyncd.paths import Paths
from expsyncd.samples.export import full_name
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.samples.wanted import Wanted


def found() -> list[Wanted]:
    """Every series of the mirror as it is now."""
    from expsyncd.samples.darkroom import Darkroom
    from expsyncd.samples.inventory import Inventory
    from expsyncd.samples.rules import Rules
    from expsyncd.samples.tags import Tags
    from expsyncd.samples.wanted import regrouped
    from expsyncd.state.series import read_overwritten, read_tagged

    paths = Paths.of(os.environ)
    config = load(paths.config_file)
    root, rules = resolved(config.root), Rules(config)
    inventory = Inventory(root.mirror, rules.takes)
    inventory.remember(read_overwritten(paths.catalogue_db))
    tags = Tags(root.mirror, Darkroom(paths.frames_dir, config.samples.cache))
    tags.take(read_tagged(paths.catalogue_db))
    tagged = [one for run in tags.runs for one in tags.series(run, root.animations)]
    return tagged + regrouped(inventory, inventory.rescan(), root.animations, rules.pattern_of).series


def export(
    wanted: Wanted,
    frames: Sequence[Any],
    out: Path,
    fps: float | None,
    width: int | None,
    *,
    still: bool = False,
) -> None:
    """Write `out` from `frames` and say so; `still`: one picture as PNG instead. Raises Error."""
    from expsyncd.samples.darkroom import Darkroom
    from expsyncd.samples.rules import Rules

    paths = Paths.of(os.environ)
    config = load(paths.config_file)
    look = Rules(config).look_of(wanted.key.host, wanted.source)
    look = replace(
        look, cap=max(2, len(frames)), budget=1 << 40, fps=fps or look.fps, width=width or look.width
    )
    darkroom = Darkroom(paths.frames_dir, config.samples.cache)
    out = out.absolute()

    async def work(progress: Any) -> Any:
        try:
            return await darkroom.render(
                frames, look, out, latest=out.with_suffix(".png") if still else None, progress=progress
            )
        finally:
            await darkroom.rest()

    with _Bar(out.name, enabled=sys.stderr.isatty()) as bar:
        done = asyncio.run(work(bar))
    if done is None or not done.shown:
        reason = done.refused[0].reason if done is not None and done.refused else "there are none"
        raise Error(
            f"{full_name(wanted.key)}: no frame can be shown ({reason})", "`expsyncd samples` says why"
        )
    if still:
        out.unlink()
        out = out.with_suffix(".png")
    count = "1 frame" if done.shown == 1 else f"{done.shown} frames"
    left = f", {len(done.refused)} images left out" if done.refused else ""
    print(f"{out}  {count}, {human_bytes(out.stat().st_size)}{left}")


class _Bar:
    """A progress bar on a terminal's stderr."""

    def __init__(self, name: str, *, enabled: bool) -> None:
        self._name = name
        self._enabled = enabled
        self._progress: Any = None

    def __enter__(self) -> Self:
        if self._enabled:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

            self._progress = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=20),
                MofNCompleteColumn(),
                TimeRemainingColumn(compact=True),
                console=Console(stderr=True),
                transient=True,
            )
            self._progress.start()
            self._task = self._progress.add_task(self._name[:40], total=None)
        return self

    def __call__(self, done: int, of: int) -> None:
        if self._progress is not None:
            self._progress.update(self._task, completed=done, total=of)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
