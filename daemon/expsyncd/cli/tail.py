"""`expsyncd tail`: the end of a run's or a job's log in the mirror, and what is added to it as it arrives."""

from __future__ import annotations

import os
import sys
import threading
import time
from contextlib import suppress
from typing import IO, TYPE_CHECKING

from expsyncd.cli.asking import Parser
from expsyncd.cli.runs_view.elide import cut
from expsyncd.cli.tail_find import Log, find
from expsyncd.cli.tail_text import Lines, last_lines
from expsyncd.cli.terminal import columns
from expsyncd.config.load import load
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NotRunningError
from expsyncd.mirror.root import resolved
from expsyncd.paths import Paths

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLAIN = True  # parses its words itself: see `group`
ABOUT = """The last lines of the log that a run or a job writes, from the mirror. With -f
also what is added, as it arrives; the daemon pulls it every two seconds then."""
LINES = 10
FOLLOW_S = 0.2
AGAIN_S = 2.0
SAME_BYTES = 64_000  # before the place reached, when another file took this one's place
READ_AT_MOST = 8 << 20  # from the end; progress bars make lines of a megabyte


def tail(words: list[str]) -> int:
    """The command. Raises Error where the word means no log, or it is not here."""
    parser = Parser("tail", ABOUT)
    parser.add_argument(
        "name", metavar="RUN|JOB", help="HOST/RUN or a part of it, or a job: 123, 123_4, HOST/123"
    )
    parser.add_argument(
        "-n", "--lines", type=int, default=LINES, metavar="N", help=f"how many lines ({LINES})"
    )
    parser.add_argument("-f", "--follow", action="store_true", help="go on until Ctrl-C")
    given = parser.read(words)
    paths = Paths.of(os.environ)
    log = find(paths, given.name)
    file = log.file(resolved(load(paths.config_file).root))
    if not given.follow and not file.exists():
        raise Error(f"the log of {given.name} is not here yet", f"`expsyncd pull {log.host}` brings it")
    print(f"==> {log.shown} <==", file=sys.stderr)
    if given.follow:
        wishing = threading.Thread(target=_wish, args=(paths.control_socket, log), name="wish", daemon=True)
        wishing.start()
    follow(file, given.lines, Screen(sys.stdout), forever=given.follow)
    return 0


def _wish(socket: Path, log: Log) -> None:
    """Have the daemon pull the log's source for as long as this command lives, also over its restarts."""
    said = False
    while True:
        try:
            for _ in client.stream(socket, request("hurry", host=log.host, source=log.source)):
                said = False
        except NotRunningError as error:
            if not said:
                # In one piece: the log's own lines are written by another thread.
                sys.stderr.write(f"expsyncd: {error.title}: only what is pulled is shown\n")
            said = True
        except Error:
            pass
        time.sleep(AGAIN_S)


class Screen:
    """Writes lines, and on a terminal the line that is not whole yet, drawn anew as it grows."""

    def __init__(self, out: IO[str]) -> None:
        self._out = out
        self._drawn = ""
        self._terminal = out.isatty()

    def lines(self, lines: list[str]) -> None:
        """Whole lines."""
        if lines:
            self._clear()
            self._out.write("".join(f"{line}\n" for line in lines))
            self._out.flush()

    def rest(self, text: str) -> None:
        """What has no end yet."""
        if self._terminal and text != self._drawn:
            self._clear()
            self._out.write(cut(text, columns() - 1, 0.0))
            self._out.flush()
            self._drawn = text

    def end(self, text: str) -> None:
        """Nothing follows: `text` is the last line, though it has no end."""
        self._clear()
        if text:
            self._out.write(f"{text}\n")

    def note(self, text: str) -> None:
        """A word of ours, beside the log's own."""
        self._clear()
        self._out.flush()
        print(f"==> {text} <==", file=sys.stderr)

    def _clear(self) -> None:
        if self._drawn:
            self._out.write("\r\x1b[K")
            self._drawn = ""


def follow(
    file: Path,
    count: int,
    screen: Screen,
    *,
    forever: bool,
    wait: Callable[[], object] = lambda: time.sleep(FOLLOW_S),
) -> None:
    """Show the last `count` lines and, with `forever`, what is added, also to a file that takes its place."""
    lines = Lines()
    opened: IO[bytes] | None = None
    try:
        while True:
            if opened is None:
                with suppress(FileNotFoundError):
                    opened = file.open("rb")
                    screen.lines(lines.feed(_end_of(opened, count)))
            else:
                replaced = _is_another(file, opened)
                while added := opened.read(1 << 20):
                    screen.lines(lines.feed(added))
                if replaced:
                    fresh = file.open("rb")
                    if not _goes_on(opened, fresh):
                        screen.note(replaced)
                        screen.lines([lines.rest] if lines.rest else [])
                        lines.forget()
                    opened.close()
                    opened = fresh
                    continue
            if not forever:
                screen.end(lines.rest)
                return
            screen.rest(lines.rest)
            wait()
    finally:
        if opened is not None:
            opened.close()


def _end_of(opened: IO[bytes], count: int) -> bytes:
    size = opened.seek(0, os.SEEK_END)
    opened.seek(max(0, size - READ_AT_MOST))
    return last_lines(opened.read(READ_AT_MOST), count)


def _goes_on(shown: IO[bytes], fresh: IO[bytes]) -> bool:
    """Whether `fresh` begins with what was shown, as after a pull that brought it whole; then it is there.

    A file that was cut in place says nothing of what it was, so it never does.
    """
    upto = shown.tell()
    start = max(0, upto - SAME_BYTES)
    shown.seek(start)
    fresh.seek(start)
    if os.path.sameopenfile(shown.fileno(), fresh.fileno()) or shown.read(upto - start) != fresh.read(
        upto - start
    ):
        fresh.seek(0)
        return False
    return True


def _is_another(file: Path, opened: IO[bytes]) -> str:
    """Why it must be read from its beginning; empty while it only grows."""
    try:
        there = file.stat()
    except FileNotFoundError:
        return ""  # in the moment of a rename
    if there.st_ino != os.fstat(opened.fileno()).st_ino:
        return "it was replaced on the host; from its beginning"
    return "it was cut on the host; from its beginning" if there.st_size < opened.tell() else ""
