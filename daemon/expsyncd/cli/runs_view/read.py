"""What the catalogue and the facts know of runs, read only as far as it is asked for."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.cli.runs_view.seen import Seen, add_launched
from expsyncd.mirror.layout import shown
from expsyncd.state.catalogue import reading
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark
from expsyncd.state.measured import curve_of, measured_of, scalars_of, settings_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from expsyncd.paths import Paths
    from expsyncd.state.measured import Point, RunKey
    from expsyncd.state.sqlite import Database

FEW = 20  # runs whose scalars are asked for one by one; of more, all rows are read and the others dropped
_JOIN = "FROM temp.wanted AS w CROSS JOIN {0} USING (host, source, inside)"


@dataclass(frozen=True)
class Launch:
    """The settings of a command, and where it stands."""

    settings: dict[str, str]
    place: str


class Reader:
    """An open catalogue with the facts beside it."""

    def __init__(self, db: Database, facts: Facts | None) -> None:
        self.db = db
        self.facts = facts
        self._runs: list[Seen] | None = None
        self._launches: dict[RunKey, list[Launch]] | None = None

    def runs(self) -> list[Seen]:
        """All runs by name, with what was said of them and their jobs; no settings and no scalars yet."""
        if self._runs is None:
            marks = self.facts.marks.known() if self.facts else {}
            self._runs = [Seen(row, marks.get(row.key) or Mark(*row.key)) for row in measured_of(self.db)]
            by_key = {one.row.key: one for one in self._runs}
            for job in self.facts.jobs.known() if self.facts else ():
                if one := by_key.get((job.host, job.source, job.inside)):
                    one.jobs.append(job)
        return self._runs

    def unread(self) -> int:
        """How many runs are in the mirror that were not read yet."""
        sql = (
            "SELECT COUNT(*) FROM runs WHERE NOT EXISTS (SELECT 1 FROM measured WHERE measured.host=runs.host"
            " AND measured.source=runs.source AND measured.inside=runs.inside)"
        )
        return int(self.db.execute(sql).fetchone()[0])

    def setting_names(self, seen: Sequence[Seen]) -> dict[str, int]:
        """How many different texts each setting has among these runs, at most."""
        self._want(seen)
        sql = f"SELECT name, COUNT(DISTINCT value) {_JOIN.format('settings')} GROUP BY name"
        names: dict[str, int] = dict(self.db.execute(sql).fetchall())
        texts: dict[str, set[str]] = {}
        for one in seen:
            for launch in self._launched(one.row.key):
                for name, text in launch.settings.items():
                    texts.setdefault(name, set()).add(text)
        for name, some in texts.items():
            names[name] = names.get(name, 0) + len(some)
        return names

    def settings(self, seen: Sequence[Seen], names: Iterable[str] | None = None) -> None:
        """Fill in the settings, of these names or all, also those that only the launch command tells."""
        wanted = None if names is None else set(names)
        keys = {one.row.key: one for one in seen}
        self._want(seen)
        only, given = _among("name", wanted)
        sql = f"SELECT host, source, inside, name, value {_JOIN.format('settings')}{only}"
        for host, source, inside, name, value in self.db.execute(sql, given).fetchall():
            keys[host, source, inside].settings[name] = value
        for one in seen:
            for launch in self._launched(one.row.key):
                add_launched(one, launch.settings, wanted)

    def told_by(self, one: Seen) -> list[str]:
        """Which files or records told the settings of a run."""
        told = [row.told_by for row in settings_of(self.db, one.row.key)]
        told += [launch.place for launch in self._launched(one.row.key) if one.launched]
        return list(dict.fromkeys(told))

    def tags(self, seen: Sequence[Seen]) -> dict[str, int]:
        """How many of these runs have each scalar tag."""
        self._want(seen)
        return dict(
            self.db.execute(f"SELECT tag, COUNT(*) {_JOIN.format('scalars')} GROUP BY tag").fetchall()
        )

    def scalars(self, seen: Sequence[Seen], tags: Iterable[str] | None = None) -> None:
        """Fill in the scalars, of these tags or of all."""
        wanted = None if tags is None else list(dict.fromkeys(tags))
        if wanted == []:
            return
        keys = {one.row.key: one for one in seen}
        for only in keys if len(keys) <= FEW else (None,):
            for row in scalars_of(self.db, only, wanted):
                if one := keys.get((row.host, row.source, row.inside)):
                    one.scalars[row.tag] = row

    def curve(self, one: Seen, tag: str) -> list[Point]:
        """The thinned curve of one tag."""
        return curve_of(self.db, one.row.key, tag)

    def _launched(self, key: RunKey) -> list[Launch]:
        """The commands that are linked to a run, the best link first."""
        if self._launches is None:
            self._launches = {}
            rows = self.db.execute(
                "SELECT l.host, l.source, l.inside, e.settings, e.script, e.line FROM links AS l"
                " JOIN entries AS e USING (entry) ORDER BY l.by_hand DESC, l.score DESC, entry"
            )
            for host, source, inside, settings, script, line in rows.fetchall():
                launch = Launch(json.loads(settings), f"{shown(script)}:{line}")
                self._launches.setdefault((host, source, inside), []).append(launch)
        return self._launches.get(key, [])

    def _want(self, seen: Sequence[Seen]) -> None:
        """Put the runs where a query can join them; a read-only connection may have such a table."""
        self.db.execute(
            "CREATE TEMP TABLE IF NOT EXISTS wanted (host TEXT, source TEXT, inside BLOB,"
            " PRIMARY KEY (host, source, inside)) WITHOUT ROWID"
        )
        with self.db.transaction():
            self.db.execute("DELETE FROM temp.wanted")
            self.db.executemany("INSERT INTO temp.wanted VALUES (?,?,?)", [one.row.key for one in seen])


def _among(column: str, values: Iterable[str] | None) -> tuple[str, list[str]]:
    if values is None:
        return "", []
    given = list(values)
    return f" WHERE {column} IN ({','.join('?' * len(given))})", given


@contextmanager
def reader(paths: Paths) -> Iterator[Reader]:
    """Both databases, read-only. Raises Error where there is no catalogue, or one of another version."""
    with reading(paths.catalogue_db) as db:
        facts = Facts.read_only(paths.facts_db)
        try:
            yield Reader(db, facts)
        finally:
            if facts:
                facts.close()
