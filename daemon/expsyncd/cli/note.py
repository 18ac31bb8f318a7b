"""`expsyncd note` and `tag`: what you say of runs; kept in facts.db, shown with the run everywhere."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from expsyncd.cli.marking import mark
from expsyncd.cli.runs_view.names import one_of, several_of
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.state.catalogue import reading
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark
from expsyncd.state.measured import MeasuredRow, measured_of
from expsyncd.units import counted

Run = Annotated[str, typer.Argument(metavar="RUN", help="HOST/RUN, its end, or a glob that means one.")]


def note(
    run: Run,
    text: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="Shows the note without it.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Take the note back.")] = False,
) -> None:
    """Write a note on a run (in place of the last one), or show it."""
    paths, runs = Paths.of(os.environ), _runs()
    row = runs[one_of(list(runs), run)]
    said = " ".join(text or ()).strip()
    if said and clear:
        raise typer.BadParameter("either TEXT or --clear")
    if said or clear:
        mark(paths, [row.key], note=said)
        kept = _known(paths, row).note
        left_out = "" if kept == said else "; what looks like a secret is left out"
        print(f"{row.name}: {'noted' if said else 'no note any more'}{left_out}")
    else:
        print(_known(paths, row).note or f"{row.name} has no note: expsyncd note {row.name} 'TEXT'")


def tag(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="HOST/RUN or its end; a glob means all that fit.")
    ],
    tags: Annotated[list[str] | None, typer.Argument(metavar="TAG", help="Shows them without it.")] = None,
    remove: Annotated[list[str] | None, typer.Option("--remove", metavar="TAG", help="Take it back.")] = None,
) -> None:
    """Tag runs with words of yours; `expsyncd runs --tag TAG` lists them."""
    paths, runs = Paths.of(os.environ), _runs()
    rows = [runs[name] for name in several_of(list(runs), [run])]
    for word in [*(tags or ()), *(remove or ())]:
        if not word.strip() or "," in word:
            raise Error(f"{word!r} is no tag", "a tag is a word or several, without a comma")
    if tags or remove:
        mark(paths, [row.key for row in rows], add_tags=tags or [], drop_tags=remove or [])
        print(f"{rows[0].name if len(rows) == 1 else counted(len(rows), 'run')}: done")
    else:
        for row in rows:
            print(f"{row.name}: {', '.join(_known(paths, row).tags) or 'no tags'}")


def _runs() -> dict[str, MeasuredRow]:
    with reading(Paths.of(os.environ).catalogue_db) as db:
        return {row.name: row for row in measured_of(db)}


def _known(paths: Paths, row: MeasuredRow) -> Mark:
    facts = Facts.read_only(paths.facts_db)
    if facts is None:
        return Mark(*row.key)
    try:
        return facts.marks.known().get(row.key, Mark(*row.key))
    finally:
        facts.close()
