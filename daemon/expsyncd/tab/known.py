"""What the tab reads: the two databases, read-only and per request, and a cheap word for "has it changed"."""

from __future__ import annotations

import hashlib
import os
import threading
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.state.catalogue import reading
from expsyncd.state.facts import Facts
from expsyncd.state.series import series_of
from expsyncd.tab.ids import id_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from expsyncd.paths import Paths, RootPaths
    from expsyncd.state.measured import RunKey
    from expsyncd.state.series import SeriesRow
    from expsyncd.state.sqlite import Database


class Known:
    """Where things are; answers may be asked for by many threads at once."""

    def __init__(self, paths: Paths, root: RootPaths) -> None:
        self.paths = paths
        self.root = root
        self.view = os.fspath(root.tb_log)  # a path a run is built from it, and there may be thousands
        self._lock = threading.Lock()
        self._held: tuple[str, dict[str, SeriesRow]] = ("", {})

    def index(self) -> str:
        """Another word after each commit to either database: what SQLite writes, it writes to these files."""
        seen = [
            _stamp(file.with_name(file.name + suffix))
            for file in (self.paths.catalogue_db, self.paths.facts_db)
            for suffix in ("", "-wal")
        ]
        return hashlib.blake2b(repr(seen).encode(), digest_size=8).hexdigest()

    @contextmanager
    def catalogue(self) -> Iterator[Database]:
        """A read-only connection. Raises Error where there is no catalogue, or one of another version."""
        with reading(self.paths.catalogue_db) as db:
            # The rows of one answer belong together, whatever is written meanwhile.
            db.execute("BEGIN")
            yield db

    @contextmanager
    def facts(self) -> Iterator[Facts | None]:
        """The facts, read-only; None where there are none that can be read."""
        try:
            facts = Facts.read_only(self.paths.facts_db)
        except Error:
            facts = None
        try:
            yield facts
        finally:
            if facts is not None:
                facts.close()

    def series(self) -> dict[str, SeriesRow]:
        """All series by id."""
        index = self.index()
        with self._lock:
            if self._held[0] != index:
                with self.catalogue() as db:
                    rows = {id_of(row.host, row.source, row.run, row.name): row for row in series_of(db)}
                self._held = (index, rows)
            return self._held[1]


@lru_cache(maxsize=20_000)
def run_id(key: RunKey) -> str:
    """The id of a run; asked for by thousands each few seconds."""
    return id_of("run", *key)


def _stamp(file: Path) -> tuple[int, int, int]:
    try:
        found = os.stat(file)
    except OSError:
        return 0, 0, 0
    return found.st_ino, found.st_size, found.st_mtime_ns
