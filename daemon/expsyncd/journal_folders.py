"""Where the mirror has the launch scripts that the config names."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.config.names import is_glob
from expsyncd.pull.chosen import journal_sources

if TYPE_CHECKING:
    from pathlib import Path

    from expsyncd.config.model import Config
    from expsyncd.journal.scripts import Folders


def journal_folders(config: Config, mirror: Path) -> Folders:
    """The mirrored sources of launch scripts, with their folders on the hosts."""
    found: Folders = {}
    for host in config.hosts.values():
        for source in journal_sources(host):
            if is_glob(source.path):
                with suppress(OSError):
                    names = os.listdir(mirror / host.name)
                    found |= {(host.name, name): "" for name in names if name.startswith(f"{source.name}-")}
            else:
                found[host.name, source.name] = source.path
    return found
