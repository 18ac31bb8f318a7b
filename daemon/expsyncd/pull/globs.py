"""Asking a host which folders a source's glob means now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.config.names import is_glob
from expsyncd.pull.chosen import chosen, glob_matches, glob_script

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.pull.source import Commands, Source

TIMEOUT_S = 30.0


async def matches(
    connection: Commands, whole: Config, host: HostConfig, configured: Iterable[SourceConfig]
) -> list[tuple[Source, str]]:
    """Every folder that the globs among `configured` match, with the name of its configured source."""
    found: list[tuple[Source, str]] = []
    for source in configured:
        if is_glob(source.path):
            answer = await connection.command("exec sh", data=glob_script(source.path), timeout_s=TIMEOUT_S)
            found += [
                (chosen(whole, host, source, match), source.name) for match in glob_matches(answer.stdout)
            ]
    return found
