"""All that is known of one run, as lines for a terminal. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view import elide, grid, page_figures
from expsyncd.cli.runs_view.listed import PAINT
from expsyncd.cli.runs_view.printed import BOLD, DIM, INDENT, YELLOW, Printed
from expsyncd.cli.runs_view.seen import Seen, marked_words
from expsyncd.cli.runs_view.values import harmless
from expsyncd.mirror.layout import shown
from expsyncd.units import counted, human_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.cli.runs_view.resumed import Resumed
    from expsyncd.state.entries import EntryRow, LinkRow
    from expsyncd.state.jobs import JobRow
    from expsyncd.state.measured import Point
    from expsyncd.state.records import Version
    from expsyncd.state.series import SeriesRow

JOB_ROWS, FILE_ROWS, SERIES_ROWS = 8, 8, 8
COMMAND_LINES = 12
FIGURES_BESIDE_A_FILE = 34  # columns for size, age and whether it is gone


@dataclass(frozen=True)
class FileLine:
    """A file of the run's folder in the mirror; `gone`: no longer on the host."""

    path: bytes
    size: int
    mtime: float
    gone: bool = False


@dataclass(frozen=True)
class Page:
    """What `show` knows; `curves` by tag, `entries` the best link first, `files` the newest first.

    `folder`: of the run in the mirror; `more_files`: whether there are too many to list.
    """

    seen: Seen
    told_by: Sequence[str] = ()
    curves: dict[str, list[Point]] = field(default_factory=dict)
    entries: Sequence[tuple[EntryRow, LinkRow]] = ()
    series: Sequence[SeriesRow] = ()
    files: Sequence[FileLine] = ()
    folder: str = ""
    resumed: Sequence[Resumed] = ()
    more_files: bool = False
    versions: Sequence[Version] = ()


def lines(page: Page, out: Printed) -> list[str]:
    """All of it; what is not known is left out."""
    _head(out, page)
    page_figures.settings(out, page.seen.settings, page.told_by)
    page_figures.metrics(out, page.seen.scalars)
    page_figures.plots(out, page.curves)
    _command(out, page.entries)
    _jobs(out, page.seen.jobs)
    _series(out, page.series)
    _files(out, page)
    return out.lines


def _head(out: Printed, page: Page) -> None:
    row, mark = page.seen.row, page.seen.mark
    name = out.cut(harmless(row.name), out.width - len(row.state) - 2)
    gap = " " * max(2, out.width - elide.cells(name) - len(row.state))
    out.lines.append(out.paint(name, BOLD) + gap + out.paint(row.state, PAINT.get(row.state, "")))
    out.wrap(row.why)
    parts = [f"began {out.when(row.began_at)}"] if row.began_at else []
    parts += [f"newest point {out.when(row.newest_at)}"] if row.newest_at else []
    parts += [f"step {row.step}"] if row.step is not None else []
    parts.append(f"{counted(row.files, 'file')}, {human_bytes(row.bytes)}")
    out.wrap("; ".join(parts))
    for again in page.resumed:
        out.wrap(
            f"resumed {out.when(again.at)}: {shown(again.name)} begins at step {again.step}, after an earlier"
            f" file had come to {again.reached}; TensorBoard and the curves here follow the later one"
        )
    if row.trouble:
        out.wrap(f"not read: {row.trouble}", YELLOW)
    if mark.note:
        out.wrap(f"note: {mark.note}")
    if said := [*marked_words(mark), *mark.tags]:
        out.wrap(f"marked: {', '.join(said)}")


def _command(out: Printed, entries: Sequence[tuple[EntryRow, LinkRow]]) -> None:
    for entry, link in entries[:1]:
        out.title("command", f"{shown(entry.script)}:{entry.line} on {entry.host}, {entry.state}")
        for note in [entry.heading, *entry.notes.splitlines()]:
            if note.strip():
                out.wrap(f"# {note.strip()}", DIM, INDENT)
        command = [line for line in entry.command.splitlines() if line.strip()]
        for line in command[:COMMAND_LINES]:
            out.wrap(line, "", INDENT, hang=4)
        if len(command) > COMMAND_LINES:
            out.more(len(command) - COMMAND_LINES, "line")
        because = "you said so" if link.by_hand else f"{link.why} ({link.score:.2f})"
        out.wrap(f"linked because: {because}", DIM, INDENT)
    if len(entries) > 1:
        out.more(len(entries) - 1, "entry", "entries")


def _jobs(out: Printed, jobs: Sequence[JobRow]) -> None:
    if jobs:
        out.title("jobs", "")
    for job in jobs[:JOB_ROWS]:
        words = [job.state.lower(), job.ended or job.reason, f"on {job.node}" if job.node else ""]
        words.append(f"began {out.when(job.started_at)}" if job.started_at else "")
        words.append(f"ended {out.when(job.ended_at)}" if job.ended_at else "")
        out.wrap(f"{job.job}  {', '.join(word for word in words if word)}", "", INDENT, hang=4)
    if len(jobs) > JOB_ROWS:
        out.more(len(jobs) - JOB_ROWS, "job")


def _series(out: Printed, series: Sequence[SeriesRow]) -> None:
    if not series:
        return
    out.title("samples", "`expsyncd samples open` shows them")
    rows = series[:SERIES_ROWS]
    steps = ["" if row.first_step is None else f"steps {row.first_step}-{row.last_step}" for row in rows]
    columns = [
        grid.Column("", [out.cut(shown(row.name), out.width // 2) for row in rows]),
        grid.Column("", [counted(row.frames, "frame") for row in rows], right=True),
        grid.Column("", steps),
        grid.Column("", [harmless(row.reason) or out.age(row.newest_at) for row in rows]),
    ]
    out.lines += [out.cut(" " * INDENT + line, out.width) for line in grid.lines(columns, heads=False)]
    if len(series) > SERIES_ROWS:
        out.more(len(series) - SERIES_ROWS, "series", "series")


def _files(out: Printed, page: Page) -> None:
    if not page.files and not page.versions:
        return
    out.title("files", page.folder)
    if rows := page.files[:FILE_ROWS]:
        columns = [
            grid.Column("", [out.cut(shown(file.path), out.width - FIGURES_BESIDE_A_FILE) for file in rows]),
            grid.Column("", [human_bytes(file.size) for file in rows], right=True),
            grid.Column("", [out.age(file.mtime) for file in rows]),
            grid.Column("", ["gone on host" if file.gone else "" for file in rows]),
        ]
        out.lines += [" " * INDENT + line for line in grid.lines(columns, heads=False)]
    if len(page.files) > FILE_ROWS:
        size = human_bytes(sum(file.size for file in page.files))
        out.wrap(f"{'more than ' * page.more_files}{len(page.files)} files, {size}", DIM, INDENT)
    if page.versions:
        size = human_bytes(sum(version.size for version in page.versions))
        host, source = page.seen.row.host, page.seen.row.source
        kept = counted(len(page.versions), "older version")
        out.wrap(f"{kept} kept, {size}: `expsyncd versions '{host}/{source}/*'`", "", INDENT)
