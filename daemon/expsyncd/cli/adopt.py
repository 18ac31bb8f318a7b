"""`expsyncd adopt PATH`: take an existing folder over as the root."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from expsyncd.config.load import ConfigError, load
from expsyncd.errors import Error
from expsyncd.mirror.root import adopt as adopt_root
from expsyncd.mirror.root import resolved
from expsyncd.paths import Paths
from expsyncd.state.facts import Facts
from expsyncd.state.lock import only_one


def adopt(path: Annotated[Path, typer.Argument(help="The folder that `root:` names.")]) -> None:
    """Take an existing folder over as the root; what lies in its mirror/HOST/SOURCE is not pulled twice."""
    paths = Paths.of(os.environ)
    named = _named(paths.config_file)
    if named is not None and resolved(named).path != resolved(path).path:
        raise Error(
            f"{path} is not the `root:` of hosts.yaml, which is {named}", "name that, or change `root:`"
        )
    paths.make_private()
    with only_one(paths.lock_file, "expsyncd adopt"):
        facts = Facts.open(paths.facts_db)
        try:
            root = adopt_root(path, facts)
        finally:
            facts.close()
    found = sorted(root.paths.mirror.glob("*/*"))
    print(f"{root.paths.path} is a root of expsyncd now")
    if found:
        print(
            f"  {len(found)} sources are here already: "
            + ", ".join(f"{p.parent.name}/{p.name}" for p in found[:5])
        )
    else:
        print("  an existing copy goes to mirror/HOST/SOURCE below it, then it is not pulled twice")


def _named(file: Path) -> Path | None:
    """The root that the config names; None where it cannot be read."""
    try:
        return load(file).root
    except ConfigError:
        return None
