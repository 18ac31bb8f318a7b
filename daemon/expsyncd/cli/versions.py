"""`expsyncd versions`: list the old bytes of what was replaced, and restore them; no daemon needed."""

from __future__ import annotations

import fnmatch
import json as json_module
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from expsyncd.cli.terminal import dots
from expsyncd.clock import rfc3339
from expsyncd.config.load import load
from expsyncd.errors import Error
from expsyncd.mirror.layout import shown, where
from expsyncd.mirror.restore import restore as restore_version
from expsyncd.mirror.root import resolved
from expsyncd.paths import Paths, RootPaths
from expsyncd.state.facts import Facts, Version
from expsyncd.units import human_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

REASONS = {
    "replaced": "replaced on the host",
    "shrunk": "the host's became shorter",
    "vanished": "gone on the host",
    "became-folder": "a folder now",
    "became-file": "its folder became a file",
}

DEFAULT = "list"  # `expsyncd versions PATH` means `versions list PATH`
app = typer.Typer(
    help="Old bytes of what was replaced: `versions [PATH]` lists, `versions restore` copies them.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.command("list")
def list_versions(
    path: Annotated[
        str | None, typer.Argument(metavar="PATH", help="HOST/SOURCE/FILE, a glob, or a mirrored file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is kept, oldest first."""
    found = _chosen(_all(), path)
    if json:
        print(json_module.dumps([_as_json(version) for version in found], indent=2))
        return
    if not found:
        print("nothing is kept" + (f" of {path}" if path else ": no mirrored file was replaced so far"))
        return
    columns = max(60, shutil.get_terminal_size((80, 24)).columns)
    print(f"{'ID':>5} {'KEPT':<16} {'SIZE':>8} FILE")
    for version in found:
        when = version.kept_at.astimezone().strftime("%Y-%m-%d %H:%M")
        name = _name(version)
        room = columns - 33
        short = name if len(name) <= room else dots() + name[-(room - 1) :]
        print(f"{version.id:>5} {when} {human_bytes(version.size):>8} {short}")
        print(f"{'':>31} {REASONS.get(version.reason, version.reason)}")
    total = human_bytes(sum(version.size for version in found))
    print(f"\n{len(found)} kept, {total}; `expsyncd versions restore ID --to PLACE` copies one")


@app.command("restore")
def restore(
    what: Annotated[
        str, typer.Argument(metavar="ID|PATH", help="A number of the list, or a path (its newest).")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="PLACE", help="A folder or a file outside the root.")],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Copy old bytes to a place you name; the mirror stays as it is."""
    all_versions = _all()
    if what.isdigit():
        found = [version for version in all_versions if version.id == int(what)]
    else:
        found = newest(all_versions, what)
    if not found:
        raise Error(f"nothing is kept of {what}", "`expsyncd versions` lists what is")
    goal = restore_version(_root(), found[0], to.expanduser(), force=force)
    print(f"restored {_name(found[0])} ({human_bytes(found[0].size)}) to {goal}")


def newest(found: Sequence[Version], what: str) -> list[Version]:
    """The newest version of the one file that `what` names; none of none. Raises Error for several."""
    meant = [version for version in found if _name(version) == what] or _chosen(found, what)
    names = sorted({_name(version) for version in meant})
    if len(names) > 1:
        raise Error(f"{what} may be several files", f"say which, or its number: {', '.join(names[:4])}")
    return meant[-1:]


def _all() -> list[Version]:
    facts = Facts.read_only(Paths.of(os.environ).facts_db)
    if facts is None:
        return []
    try:
        return facts.versions()
    finally:
        facts.close()


def _root() -> RootPaths:
    return resolved(load(Paths.of(os.environ).config_file).root)


def _chosen(found: Sequence[Version], path: str | None) -> list[Version]:
    if path is None:
        return list(found)
    if path.startswith(("/", "~", "./")):
        place = where(_root(), Path(path).expanduser().absolute())
        if place is None:
            raise Error(
                f"{path} is not in the mirror", "name it as HOST/SOURCE/FILE, see `expsyncd versions`"
            )
        key = (place.host, place.source, place.inside)
        return [v for v in found if (v.host, v.source, v.path) == key]
    pattern = path if any(c in path for c in "*?[") else f"*{path}*"
    return [v for v in found if fnmatch.fnmatchcase(_name(v), pattern)]


def _name(version: Version) -> str:
    return f"{version.host}/{version.source}/{shown(version.path)}"


def _as_json(version: Version) -> dict[str, Any]:
    return {
        "id": version.id,
        "host": version.host,
        "source": version.source,
        "path": shown(version.path),
        "kept_at": rfc3339(version.kept_at),
        "bytes": version.size,
        "reason": version.reason,
    }
