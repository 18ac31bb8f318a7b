"""The sources that job output makes: one a folder that no other source holds, with just the named files."""

from __future__ import annotations

import hashlib
import posixpath
from typing import TYPE_CHECKING

from expsyncd.config.model import GB, SourceConfig
from expsyncd.config.names import folder_name
from expsyncd.jobs.output import literal, sound

if TYPE_CHECKING:
    from collections.abc import Mapping

OUTPUTS = "slurm-*"  # what a pull of all of them is wished by; no source can be called so
LARGEST = GB  # a log over this is listed in status and stays where it is
MOST_FOLDERS = 50


def output_sources(wished: Mapping[str, tuple[str, ...]]) -> list[SourceConfig]:
    """One source a folder; the name is the same whenever the folder is, also after a restart."""
    found = []
    for folder, names in list(wished.items())[:MOST_FOLDERS]:
        plain = [name for name in names if sound(posixpath.join(folder, name))]
        if plain:
            include = tuple(literal(name) for name in plain)
            called = output_name(folder)
            found.append(SourceConfig(path=folder, name=called, include=include, max_size=LARGEST))
    return found


def output_name(folder: str) -> str:
    """`/scratch/me/exp` → `slurm-exp-3f9a2c`: the last part for people, the digest against another one."""
    digest = hashlib.sha256(folder.encode("utf-8", "surrogateescape")).hexdigest()[:6]
    return folder_name(f"slurm-{posixpath.basename(folder)[:60] or 'top'}-{digest}")
