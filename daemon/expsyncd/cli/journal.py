"""`expsyncd journal`: what was launched, with which notes, and what came of it; no daemon needed."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from expsyncd.cli import terminal
from expsyncd.cli.asking import Parser
from expsyncd.cli.journal_view.known import NOTHING, entry_meant, known_entries
from expsyncd.cli.journal_view.match import STATES, fitting, moment
from expsyncd.cli.journal_view.page import listing, one_page
from expsyncd.cli.journal_view.records import as_json, notebook, print_csv
from expsyncd.errors import Error
from expsyncd.mirror.layout import shown
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.state.scripts import ScriptSnapshot

PLAIN = True  # parses its words itself: see `group`
ABOUT = """Commands of your launch scripts by when first seen: notes, state, runs.

A WORD is searched for in commands, notes, headings and settings; lr=1e-3,
lr<1e-3 and model~unet are conditions on settings, as in `runs --where`.

Also: journal show ENTRY            everything of one entry
      journal link ENTRY RUN        the run belongs to the entry
      journal unlink ENTRY RUN      it does not, whatever it looks like
      journal forget ENTRY RUN      you said nothing of the two
      journal script HOST:PATH      what a script said, also long ago: --at"""


def journal(words: list[str]) -> int:
    """The command. Raises Error where there is nothing, or a word means nothing."""
    verbs: dict[str, Callable[[list[str]], int]] = {
        "show": _show,
        "link": lambda rest: _link("link", rest, linked=True),
        "unlink": lambda rest: _link("unlink", rest, linked=False),
        "forget": lambda rest: _link("forget", rest, linked=None),
        "script": _script,
    }
    if words and words[0] in verbs:
        return verbs[words[0]](words[1:])
    parser = Parser("journal", ABOUT)
    parser.add_argument("words", nargs="*", metavar="WORD", help="what is searched for; all must fit")
    parser.add_argument("--host", action="append", metavar="HOST", help="scripts of this host")
    parser.add_argument("--state", action="append", choices=STATES, metavar="STATE", help=", ".join(STATES))
    parser.add_argument("--since", metavar="TIME", help="first seen since, like 7d or 2026-03-01")
    parser.add_argument("--markdown", action="store_true", help="as a lab notebook")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("--csv", action="store_true", help="as CSV")
    given = parser.read(words)
    now = time.time()
    since = None if given.since is None else moment(given.since, now, "--since")
    entries = known_entries(Paths.of(os.environ))
    if not entries and not (given.json or given.csv):
        raise NOTHING
    found = fitting(entries, given.words, given.host or [], given.state or [], since)
    if given.json:
        print(json.dumps([as_json(one) for one in found], indent=2))
    elif given.csv:
        print_csv(sys.stdout, found)
    elif given.markdown:
        print("\n".join(notebook(found)))
    elif not found:
        print(f"none of the {len(entries)} entries is like that")
    else:
        print("\n".join(listing(found, len(entries), now, terminal.columns())))
    return 0


def _show(words: list[str]) -> int:
    parser = Parser("journal show", "Everything of one entry.")
    parser.add_argument("entry", metavar="ENTRY", help="the beginning of its id")
    parser.add_argument("--json", action="store_true", help="as JSON")
    given = parser.read(words)
    one = entry_meant(known_entries(Paths.of(os.environ)), given.entry)
    if given.json:
        print(json.dumps(as_json(one), indent=2))
    else:
        print("\n".join(one_page(one, time.time(), terminal.columns())))
    return 0


def _link(verb: str, words: list[str], *, linked: bool | None) -> int:
    from expsyncd.cli.journal_view.linking import say_linked

    parser = Parser(f"journal {verb}", "Say which run an entry belongs to; that wins over what is found.")
    parser.add_argument("entry", metavar="ENTRY", help="the beginning of its id")
    parser.add_argument("runs", nargs="+", metavar="RUN", help="HOST/RUN, its end, or a glob")
    given = parser.read(words)
    print("\n".join(say_linked(Paths.of(os.environ), given.entry, given.runs, linked=linked)))
    return 0


def _script(words: list[str]) -> int:
    from expsyncd.journal.parse import parse

    parser = Parser("journal script", "The text of a launch script, without its secrets.")
    parser.add_argument("script", nargs="?", metavar="HOST:PATH", help="or the end of it; all without it")
    parser.add_argument("--at", metavar="TIME", help="as it was then, like 7d (ago) or 2026-03-01T12:00")
    given = parser.read(words)
    now = time.time()
    facts = Facts.read_only(Paths.of(os.environ).facts_db)
    if facts is None:
        raise NOTHING
    try:
        kept = facts.scripts.snapshots()
    finally:
        facts.close()
    names = list(dict.fromkeys(_name(one) for one in kept))
    if not names:
        raise NOTHING
    if given.script is None:
        for name in names:
            times = [one.at for one in kept if _name(one) == name]
            print(f"{name}: {len(times)} texts, the last of {_day(times[-1])}".replace(" 1 texts", " 1 text"))
        return 0
    wanted = given.script.replace("/", ":", 1) if ":" not in given.script else given.script
    meant = [name for name in names if given.script in (name, name.replace(":", "/", 1)) or name == wanted]
    meant = meant or [name for name in names if name.endswith(given.script)]
    if len(meant) != 1:
        raise Error(
            f"{given.script} {'may be several scripts' if meant else 'is no script that is known'}",
            "say which: " + ", ".join((meant or names)[:6]),
        )
    texts = [one for one in kept if _name(one) == meant[0]]
    if given.at is not None:
        at = moment(given.at, now, "--at")
        texts = [one for one in texts if one.at <= at]
        if not texts:
            raise Error(f"{meant[0]} was not known then", "`expsyncd journal script` says since when")
    print("\n".join(shown(line.encode("utf-8", "surrogateescape")) if not line.isprintable() else line
                    for line in texts[-1].text.replace("\t", "    ").split("\n")).rstrip("\n"))  # fmt: skip
    if trouble := parse(texts[-1].text).trouble:
        print(f"({trouble})", file=sys.stderr)
    return 0


def _name(one: ScriptSnapshot) -> str:
    return f"{one.host}:{shown(one.script)}"


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).astimezone().strftime("%Y-%m-%d %H:%M")
