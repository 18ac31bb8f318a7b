"""Marking runs: what the person says of them, through the daemon or, without one, under its lock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from expsyncd.config.load import load
from expsyncd.errors import Error
from expsyncd.mirror.root import resolved
from expsyncd.mirror.scan import find_runs
from expsyncd.state.catalogue import reading
from expsyncd.state.facts import Facts
from expsyncd.state.lock import only_one
from expsyncd.state.marks import asked, change_of, keys_of
from expsyncd.state.measured import measured_of
from expsyncd.tensorboard.meant import Known, KnownRun, meant
from expsyncd.tensorboard.names import view_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from expsyncd.mirror.scan import RunFolder
    from expsyncd.paths import Paths
    from expsyncd.state.marks import Mark
    from expsyncd.state.measured import MeasuredRow, RunKey

Event = dict[str, Any]


def known_runs(folders: Sequence[RunFolder], measured: Iterable[MeasuredRow]) -> Known:
    """Every run that can be marked: those with event files, and others that the catalogue knows."""
    names = view_names(folders)
    known = {row.key: KnownRun(row.name, row.newest_at) for row in measured}
    known |= {folder.key: KnownRun(names[folder.key], folder.newest_mtime_ns / 1e9) for folder in folders}
    return known


def marked(request: Event, known: Known, facts: Facts, now: float) -> tuple[Event, dict[RunKey, Mark]]:
    """Do what `request` wants at `now` (seconds since 1970): the answer, and what is said newly of runs.

    The request: `run` or `runs` (names, globs, or [host, source, folder]), or neither with `host` or
    `older_than` (seconds); `dry_run`; what is said, see `change_of`. The answer: `runs`, those that were
    meant, each with all that is said of it and whether that is new. Raises Error. In the database thread.
    """
    change = change_of(request)
    keys = _keys(request, known, now)
    before = facts.marks.known()
    differ = facts.marks.change(keys, change, dry_run=bool(request.get("dry_run")))
    shown = [_json(known, key, differ.get(key) or before.get(key), changed=key in differ) for key in keys]
    return {"runs": shown, "changed": [one["run"] for one in shown if one["changed"]]}, differ


def mark_here(paths: Paths, request: Event, now: float) -> Event:
    """The same in this process; raises LockedError while a daemon runs."""
    config = load(paths.config_file)
    paths.make_private()
    with only_one(paths.lock_file, "a command that marks runs"):
        measured: list[MeasuredRow] = []
        try:
            with reading(paths.catalogue_db) as db:
                measured = measured_of(db)
        except Error:
            measured = []  # then the mirror alone says which runs there are
        known = known_runs(find_runs(resolved(config.root).mirror), measured)
        facts = Facts.open(paths.facts_db)
        try:
            return marked(request, known, facts, now)[0]
        finally:
            facts.close()


def _keys(request: Event, known: Known, now: float) -> list[RunKey]:
    words: list[str] = []
    keys: list[RunKey] = []
    for run in [*_list(request.get("run")), *_list(request.get("runs"))]:
        if isinstance(run, str):
            words.append(run)
        elif isinstance(run, list) and len(run) == 3 and all(isinstance(part, str) for part in run):
            keys += keys_of([run])
        else:
            raise Error("a run is a name or [host, source, folder]")
    host, age_s = request.get("host"), request.get("older_than")
    if not words and not keys and host is None and age_s is None:
        raise Error("which runs?", "name them, give a glob in quotes, --host or --older-than")
    if unknown := [key for key in keys if key not in known]:
        raise Error(f"no such run: {unknown[0][0]}/{unknown[0][1]}", "`expsyncd runs` lists them")
    if words or not keys:
        older_than = None if age_s is None else now - float(age_s)
        keys += meant(known, words, host=host, older_than=older_than)
    return list(dict.fromkeys(keys))


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def _json(known: Known, key: RunKey, mark: Mark | None, *, changed: bool) -> Event:
    return {
        "run": known[key].name,
        "key": asked([key])[0],
        "hidden": mark.hidden if mark else None,
        "pinned": bool(mark and mark.pinned),
        "note": mark.note if mark else "",
        "tags": list(mark.tags) if mark else [],
        "changed": changed,
    }
