"""`expsyncd samples`: what series of sample images there are, exports and comparisons; no daemon needed."""

from __future__ import annotations

import json as json_module
import os
import shutil
import webbrowser
from pathlib import Path
from typing import Annotated

import typer

from expsyncd.cli.samples_list import as_json, print_csv, refused_json, table
from expsyncd.config.load import load
from expsyncd.errors import Error
from expsyncd.mirror.root import resolved
from expsyncd.paths import Paths
from expsyncd.samples.export import means
from expsyncd.samples.records import key_of
from expsyncd.state.series import read_series

FORMATS = ("gif", "webp", "mp4")

DEFAULT = "list"  # `expsyncd samples RUN` means `samples list RUN`
app = typer.Typer(
    help="Series of sample images: `samples [RUN]` lists, `render` exports, `compare`, `open`.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
NAMES = "A part of HOST/SOURCE/RUN/SERIES, or a glob."
Runs = Annotated[list[str] | None, typer.Argument(metavar="RUN", help=NAMES)]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="As CSV.")]
Format = Annotated[str, typer.Option("--format", metavar="gif|webp|mp4", help="What is written.")]
Out = Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where it is written.")]
Width = Annotated[int | None, typer.Option("--width", min=16, max=8192, help="The widest, in pixels.")]
Fps = Annotated[float | None, typer.Option("--fps", min=0.1, max=50, help="Frames a second.")]


@app.command("list")
def list_samples(runs: Runs = None, json: AsJson = False, csv_: AsCsv = False) -> None:
    """All series: frames, steps, size, age.

    Fresh: the animation is up to date; stale: it is rendered soon; failed: the reason stands below.
    """
    every, refused = read_series(Paths.of(os.environ).catalogue_db)
    rows = [row for row in every if means(key_of(row), runs or [])]
    sources = {(row.host, row.source) for row in rows}
    refused = [bad for bad in refused if not runs or (bad.host, bad.source) in sources]
    if json:
        whole = {
            "series": [as_json(row) for row in rows],
            "refused": [refused_json(bad) for bad in refused],
        }
        print(json_module.dumps(whole, indent=2))
    elif csv_:
        print_csv([as_json(row) for row in rows])
    elif every and not rows:
        print(f"none of the {len(every)} series is called so; `expsyncd samples` lists them")
    else:
        print("\n".join(table(rows, refused, shutil.get_terminal_size((80, 24)).columns)))


@app.command("render")
def render(
    runs: Runs = None,
    format_: Format = "gif",
    fps: Fps = None,
    every: Annotated[int, typer.Option("--every", min=1, help="Each N-th frame only.")] = 1,
    width: Width = None,
    first: Annotated[int | None, typer.Option("--from", metavar="STEP", help="From this step on.")] = None,
    last: Annotated[int | None, typer.Option("--to", metavar="STEP", help="Up to this step.")] = None,
    out: Out = Path(),
) -> None:
    """Export animations of your choice.

    The ones that are kept up to date stay as they are.
    """
    from expsyncd.cli.exporting import export, found
    from expsyncd.samples.export import chosen, file_names, within

    _check(format_, out)
    wanted = chosen(found(), runs or [])
    for one, name in zip(wanted, file_names(wanted, format_), strict=True):
        frames = within(one.frames, first, last, every)
        export(one, frames, out / name, fps, width)


@app.command("compare")
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Parts of their names.")],
    step: Annotated[int | None, typer.Option("--step", help="Which step; the last without it.")] = None,
    series: Annotated[
        str | None, typer.Option("--series", help="Which series, where there are several.")
    ] = None,
    format_: Format = "gif",
    fps: Fps = None,
    width: Width = None,
    out: Out = Path(),
) -> None:
    """Put the same step of several runs side by side.

    Also written is an animation of it over all steps.
    """
    from expsyncd.cli.exporting import export, found
    from expsyncd.samples.export import compared, to_compare

    _check(format_, out)
    if len(runs) < 2:
        raise typer.BadParameter("name two runs or more")
    picked = to_compare(found(), runs, series)
    frames = compared(picked, None)
    at = compared(picked, step) if step is not None else frames[-1:]
    stem = f"compare.{picked[0].out.stem}"
    wide = width or 2048
    export(picked[0], at, out / f"{stem}.step{at[0].step}.gif", fps, wide, still=True)
    export(picked[0], frames, out / f"{stem}.{format_}", fps, wide)


@app.command("open")
def open_samples(runs: Runs = None) -> None:
    """Show animations in your browser, or say where they are."""
    paths = Paths.of(os.environ)
    rows, _ = read_series(paths.catalogue_db)
    rows = [row for row in rows if means(key_of(row), runs or []) and row.shown]
    if not rows:
        raise Error("no animation of that", "`expsyncd samples` lists the series")
    root = resolved(load(paths.config_file).root).path
    newest = max(rows, key=lambda row: row.newest_at)
    path = root / os.fsdecode(newest.path)
    print(path)
    webbrowser.open(path.as_uri())


def _check(format_: str, out: Path) -> None:
    if format_ not in FORMATS:
        raise typer.BadParameter(f"--format is one of {', '.join(FORMATS)}")
    if format_ == "mp4":
        try:
            import av  # noqa: F401 - only whether it is there
        except ImportError:
            raise Error(
                "mp4 needs the video extra", "pip install 'expsyncd[video]', or --format webp"
            ) from None
    if not out.is_dir():
        raise Error(f"{out} is no folder", "make it, or name another with --out")
