"""What the person said of runs: hidden, pinned, a note, tags. In facts.db, since nothing else knows it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from expsyncd.state.measured import RunKey
    from expsyncd.state.sqlite import Database


NOTE_LONGEST = 20_000  # characters
TAG_LONGEST = 100
TAGS_MOST = 100  # a run
_SWITCHES = {"hidden": (True, False, None), "pinned": (True, False)}


@dataclass(frozen=True)
class Mark:
    """One run; `hidden` None: the rule of the config decides, else the person did."""

    host: str
    source: str
    inside: bytes
    hidden: bool | None = None
    pinned: bool = False
    note: str = ""
    tags: tuple[str, ...] = ()

    @property
    def key(self) -> RunKey:
        """What identifies the run."""
        return self.host, self.source, self.inside


def keys_of(runs: Iterable[Sequence[str]]) -> list[RunKey]:
    """Runs as a request names them, [host, source, folder]; undecodable bytes are lone surrogates there."""
    return [(host, source, inside.encode("utf-8", "surrogateescape")) for host, source, inside in runs]


def asked(keys: Iterable[RunKey]) -> list[list[str]]:
    """Runs as a request names them: what `keys_of` reads."""
    return [[host, source, inside.decode("utf-8", "surrogateescape")] for host, source, inside in keys]


def change_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """What a request wants said: `hidden`, `pinned`, `note`, `tags`, `add_tags`, `drop_tags`, or some of it.

    Raises Error for what cannot be kept.
    """
    change: dict[str, Any] = {}
    for name, values in _SWITCHES.items():
        if name in request:
            if not any(request[name] is value for value in values):
                raise Error(f"{name} is true or false")
            change[name] = request[name]
    if "note" in request:
        change["note"] = _text(request["note"], NOTE_LONGEST, "a note")
    for name in ("tags", "add_tags", "drop_tags"):
        if name in request:
            tags = request[name]
            if not isinstance(tags, list) or len(tags) > TAGS_MOST:
                raise Error(f"{name} is a list of {TAGS_MOST} at most")
            words = [_text(tag, TAG_LONGEST, "a tag") for tag in tags]
            change[name] = [word for word in dict.fromkeys(words) if word]
            if bad := [word for word in change[name] if "," in word or not word.isprintable()]:
                raise Error(f"{bad[0]!r} is no tag", "a tag is a word or several, without a comma")
    if not change:
        raise Error("nothing to say of it", "hidden, pinned, note or tags")
    if change.get("hidden") and change.get("pinned"):
        raise Error("a run cannot be hidden and pinned")
    return change


def _text(value: Any, longest: int, what: str) -> str:
    if not isinstance(value, str):
        raise Error(f"{what} is a text")
    # What a browser or a terminal hands over may hold halves of characters, which no database takes.
    text = value.encode("utf-8", "replace").decode().replace("\0", "").strip()
    if len(text) > longest:
        raise Error(f"{what} has {longest} characters at most")
    from expsyncd.redact import redact  # noqa: PLC0415 - slow to load, and lists of runs read marks only

    return redact(text)


def changed(mark: Mark, change: Mapping[str, Any]) -> Mark:
    """The mark after `change`; what it does not name stays. To pin ends hiding, and the other way round."""
    tags = [tag for tag in change.get("tags", mark.tags) if tag not in change.get("drop_tags", ())]
    tags += [tag for tag in dict.fromkeys(change.get("add_tags", ())) if tag not in tags]
    said = {name: change[name] for name in ("hidden", "pinned", "note") if name in change}
    if said.get("hidden"):
        said.setdefault("pinned", False)
    if said.get("pinned") and mark.hidden:
        said.setdefault("hidden", None)
    return replace(mark, tags=tuple(tags[:TAGS_MOST]), **said)


class Marks:
    """The table of facts.db; synchronous, in the database thread."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, mark: Mark) -> None:
        """In place of what was said of the run; a mark that says nothing is forgotten."""
        if mark == Mark(*mark.key):
            self._db.execute("DELETE FROM marks WHERE host=? AND source=? AND inside=?", mark.key)
            return
        self._db.execute(
            "INSERT OR REPLACE INTO marks (host, source, inside, hidden, pinned, note, tags)"
            " VALUES (?,?,?,?,?,?,?)",
            (*mark.key, mark.hidden, mark.pinned, mark.note, json.dumps(mark.tags)),
        )

    def change(
        self, keys: Iterable[RunKey], change: Mapping[str, Any], *, dry_run: bool = False
    ) -> dict[RunKey, Mark]:
        """Say the same of several runs, of all or none; those that differ then, with what is said of them."""
        with self._db.transaction():
            known = self.known()
            before = {key: known.get(key, Mark(*key)) for key in keys}
            after = {key: changed(mark, change) for key, mark in before.items()}
            differ = {key: mark for key, mark in after.items() if mark != before[key]}
            for mark in () if dry_run else differ.values():
                self.put(mark)
        return differ

    def known(self) -> dict[RunKey, Mark]:
        """All, by run."""
        rows = self._db.execute("SELECT host, source, inside, hidden, pinned, note, tags FROM marks")
        return {
            (host, source, inside): Mark(
                host, source, inside, None if hidden is None else bool(hidden), bool(pinned), note,
                tuple(json.loads(tags)),
            )
            for host, source, inside, hidden, pinned, note, tags in rows
        }  # fmt: skip
