"""`expsyncd show`: all that is known of one run; no daemon needed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from expsyncd.cli import terminal
from expsyncd.cli.asking import Parser
from expsyncd.cli.runs import NOT_RUNNING
from expsyncd.cli.runs_view import page
from expsyncd.cli.runs_view.columns import metrics
from expsyncd.cli.runs_view.event_ends import part_of
from expsyncd.cli.runs_view.names import one_of
from expsyncd.cli.runs_view.page import FileLine, Page
from expsyncd.cli.runs_view.printed import Printed
from expsyncd.cli.runs_view.read import Reader, reader
from expsyncd.cli.runs_view.resumed import Resumed, resumed
from expsyncd.control.client import is_served
from expsyncd.errors import Error
from expsyncd.paths import Paths, RootPaths
from expsyncd.state.entries import entries_of, links_of
from expsyncd.state.series import series_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.state.entries import EntryRow, LinkRow
    from expsyncd.state.measured import Point, RunKey
    from expsyncd.state.records import Version

PLAIN = True  # parses its words itself: see `group`
ABOUT = "All of one run: state and why, settings, metrics, plots, command, files."
RUN = "HOST/RUN, its end, a part of it, or a glob that means one"
PLOTS = 4
EVENT_MARK = b"tfevents"
EVENT_FILES_AT_MOST = 200  # looked into; each costs a millisecond
FILES_AT_MOST = 2000  # of a run's folder; somebody's dataset may lie in there


def show(words: list[str]) -> int:
    """The command. Raises Error when the word means no run, or several."""
    parser = Parser("show", ABOUT)
    parser.add_argument("run", metavar="RUN", help=RUN)
    parser.add_argument("--json", action="store_true", help="as JSON, with all curves")
    given = parser.read(words)
    paths = Paths.of(os.environ)
    with reader(paths) as known:
        everything = {one.name: one for one in known.runs()}
        found = gather(known, everything[one_of(list(everything), given.run)], paths, every_curve=given.json)
    if given.json:
        from expsyncd.cli.runs_view.page_json import print_page

        print_page(found)
        return 0
    out = Printed(terminal.columns(), time.time(), colour=terminal.coloured(), unicode=terminal.braille())
    lines = page.lines(found, out)
    print("\n".join(lines if is_served(paths.control_socket) else [*lines, "", NOT_RUNNING]))
    return 0


def gather(known: Reader, seen: Seen, paths: Paths, *, every_curve: bool) -> Page:
    """All that is known of the run."""
    known.settings([seen])
    known.scalars([seen])
    row, root = seen.row, _root(paths)
    folder = _folder(root, row.key) if root else None
    files, more = _files(known, row.key, folder) if folder else ([], False)
    return Page(
        seen,
        known.told_by(seen),
        _curves(known, seen, every=every_curve),
        _entries(known, row.key),
        [one for one in series_of(known.db) if (one.host, one.source, one.run) == row.key],
        files,
        _homely(folder) if folder else "",
        _resumed(files, folder) if folder else [],
        more,
        list(_versions(known, row.key)),
    )


def _curves(known: Reader, seen: Seen, *, every: bool) -> dict[str, list[Point]]:
    tags = list(seen.scalars) if every else metrics(1, dict.fromkeys(seen.scalars, 1), PLOTS)
    return {tag: known.curve(seen, tag) for tag in tags}


def _entries(known: Reader, key: RunKey) -> list[tuple[EntryRow, LinkRow]]:
    links = [link for link in links_of(known.db) if (link.host, link.source, link.inside) == key]
    if not links:
        return []
    entries = {entry.entry: entry for entry in entries_of(known.db)}
    return [(entries[link.entry], link) for link in links if link.entry in entries]


def _versions(known: Reader, key: RunKey) -> Iterator[Version]:
    host, source, inside = key
    below = inside + b"/" if inside else b""
    for version in known.facts.versions(host, source) if known.facts else ():
        if version.path.startswith(below):
            yield version


def _root(paths: Paths) -> RootPaths | None:
    """Where the mirror is; None while hosts.yaml does not say so, which is no reason to show nothing."""
    from expsyncd.config.load import load
    from expsyncd.mirror.root import resolved

    try:
        return resolved(load(paths.config_file).root)
    except Error:
        return None


def _folder(root: RootPaths, key: RunKey) -> bytes:
    host, source, inside = key
    folder = os.fsencode(root.mirror / host / source)
    return os.path.join(folder, inside) if inside else folder


def _homely(folder: bytes) -> str:
    """`~/experiments/...`, which fits a line more often."""
    name, home = os.fsdecode(folder), os.path.expanduser("~")
    return f"~{name.removeprefix(home)}" if name.startswith(f"{home}/") else name


def _files(known: Reader, key: RunKey, top: bytes) -> tuple[list[FileLine], bool]:
    """The files of a run's folder, the newest first; whether there are more than are counted."""
    host, source, inside = key
    gone = known.facts.gone(host, source) if known.facts else {}
    found: list[FileLine] = []
    for folder, _, names in os.walk(top):
        for name in names:
            path = os.path.join(folder, name)
            try:
                state = os.lstat(path)
            except OSError:
                continue  # it went between the two looks
            below = os.path.relpath(path, top)
            is_gone = (os.path.join(inside, below) if inside else below) in gone
            found.append(FileLine(below, state.st_size, state.st_mtime, is_gone))
            if len(found) >= FILES_AT_MOST:
                return sorted(found, key=_newest), True
    return sorted(found, key=_newest), False


def _newest(file: FileLine) -> float:
    return -file.mtime


def _resumed(files: list[FileLine], folder: bytes) -> list[Resumed]:
    """Where event files overlap; one alone cannot, so that none is opened for most runs."""
    events = [file.path for file in files if EVENT_MARK in file.path and b"/" not in file.path]
    if not 1 < len(events) <= EVENT_FILES_AT_MOST:
        return []
    parts = [part_of(os.path.join(folder, name)) for name in events]
    return resumed(part for part in parts if part)
