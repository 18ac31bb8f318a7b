"""Asking a host which folders a source's glob means now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.config.names import is_glob
from expsyncd.pull.chosen import chosen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from expsyncd.config.model import Config, HostConfig, SourceConfig
    from expsyncd.pull.carrier import Reach
    from expsyncd.pull.source import Source


async def matches(
    reach: Reach, whole: Config, host: HostConfig, configured: Iterable[SourceConfig]
) -> list[tuple[Source, str]]:
    """Every folder that the globs among `configured` match, with the name of its configured source."""
    found: list[tuple[Source, str]] = []
    for source in configured:
        if is_glob(source.path):
            matching = await reach.folders(source.path)
            found += [(chosen(whole, host, source, match), source.name) for match in matching]
    return found
