"""`expsyncd export`: all runs as one tidy table, for a notebook, a spreadsheet or a paper."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from expsyncd.cli.asking import WORDS, Parser, add_filters, ask_of
from expsyncd.cli.runs_view.ask import answer
from expsyncd.cli.runs_view.markdown import table
from expsyncd.cli.runs_view.read import Reader, reader
from expsyncd.cli.runs_view.records import print_csv, print_points
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.units import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from expsyncd.cli.runs_view.seen import Seen
    from expsyncd.state.measured import Point

PLAIN = True  # parses its words itself: see `group`
ABOUT = """One line for each run: all settings, last and best value of every metric.

Columns: setting:NAME, last:TAG, best:TAG and best_step:TAG; least:TAG and
greatest:TAG where the name of a metric does not say which is the best."""
POINTS = "long form: run,tag,step,wall,value; of long runs as many points as plots need"


def export(words: list[str]) -> int:
    """The command. Raises Error where there is nothing to export, or no way to write it."""
    parser = Parser("export", ABOUT, WORDS)
    add_filters(parser)
    parser.add_argument("--csv", action="store_true", help="as CSV (without an option, too)")
    parser.add_argument("--markdown", action="store_true", help="as a Markdown table, for people")
    parser.add_argument("--points", action="store_true", help=POINTS)
    parser.add_argument("-o", "--out", type=Path, metavar="FILE", help="into this file; stdout without it")
    given = parser.read(words)
    if given.csv + given.markdown + given.points > 1:
        parser.error("one of --csv, --markdown and --points")
    with reader(Paths.of(os.environ)) as known:
        found = answer(known, ask_of(given), time.time())
        with written(given.out.expanduser()) if given.out else contextlib.nullcontext(sys.stdout) as out:
            if given.points:
                print_points(out, _points(known, found.seen))
            else:
                known.settings(found.seen)
                known.scalars(found.seen)
                if given.markdown or (not given.csv and given.out and given.out.suffix == ".md"):
                    print("\n".join(table(found.seen, time.time())), file=out)
                else:
                    print_csv(out, found.seen)
    if given.out is not None:
        print(f"{counted(len(found.seen), 'run')} in {given.out}")
    return 0


def _points(known: Reader, seen: Sequence[Seen]) -> Iterator[tuple[str, str, Point]]:
    for one in seen:
        known.scalars([one])
        for tag in sorted(one.scalars):
            for point in known.curve(one, tag):
                yield one.name, tag, point
        one.scalars.clear()  # of 20,000 runs they would take a gigabyte, the points many


@contextlib.contextmanager
def written(file: Path) -> Iterator[TextIO]:
    """Takes the file's place when the block ends well: nobody ever reads half. Raises Error."""
    if file.is_dir():
        raise Error(f"{file} is a folder", "name a file with -o")
    mask = os.umask(0)
    os.umask(mask)
    new = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with new.open("w", encoding="utf-8", errors="backslashreplace", newline="") as out:
            yield out
        new.chmod(0o666 & ~mask)
        new.replace(file)
    except OSError as error:
        raise Error(
            f"{file} cannot be written: {error.strerror}", "name another with -o, in a folder that is there"
        ) from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink()
