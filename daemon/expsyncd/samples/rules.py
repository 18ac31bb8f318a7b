"""What the config says of sample images: which are taken, what names mean, how animations look."""

from __future__ import annotations

import os
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from expsyncd.samples.look import Look

if TYPE_CHECKING:
    from expsyncd.config.model import Config, SourceConfig, SourceSamplesConfig


class Rules:
    """By host and source; a source that is a match of a glob goes by its configured one."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._sources = {
            (host.name, source.name): source for host in config.hosts.values() for source in host.sources
        }
        self._patterns = {
            address: re.compile(source.samples.pattern)
            for address, source in self._sources.items()
            if source.samples.pattern
        }

    def takes(self, host: str, source: str, inside: bytes) -> bool:
        """Whether an image of this path is a sample."""
        if not self._config.samples.enabled:
            return False
        own = self._of(host, source)
        if own is None:
            return True
        return own.enabled and not any(_fits(inside.lower(), pattern) for pattern in own.ignore)

    @property
    def webp(self) -> bool:
        """Whether each animation is written as WebP, too."""
        return self._config.samples.webp

    def pattern_of(self, host: str, source: str) -> re.Pattern[str] | None:
        """What the person says of the names of a source."""
        found = self._configured(host, source)
        return self._patterns.get((host, found.name)) if found is not None else None

    def look_of(self, host: str, source: str) -> Look:
        """How its animations look."""
        all_, own = self._config.samples, self._of(host, source)
        delay = own.delay if own is not None and own.delay is not None else all_.delay
        return Look(
            width=own.width if own is not None and own.width is not None else all_.width,
            cap=own.cap if own is not None and own.cap is not None else all_.cap,
            fps=1 / max(0.02, delay.total_seconds()),
            labels=all_.labels,
        )

    def how(self, host: str, source: str) -> str:
        """Another word for each way of rendering."""
        look = self.look_of(host, source)
        return f"{look.of_pixels} {look.word}" + (" webp" if self.webp else "")

    def _of(self, host: str, source: str) -> SourceSamplesConfig | None:
        found = self._configured(host, source)
        return found.samples if found is not None else None

    def _configured(self, host: str, source: str) -> SourceConfig | None:
        found = self._sources.get((host, source))
        if found is None:  # the matches of a glob are called by it and more
            named = [
                one for (its, name), one in self._sources.items() if its == host and source.startswith(name)
            ]
            found = max(named, key=lambda one: len(one.name), default=None)
        return found


def _fits(inside: bytes, pattern: str) -> bool:
    """One without a slash is about names of files and folders, one with it about paths in the source."""
    wanted = os.fsencode(pattern.lower()).strip(b"/")
    if b"/" in wanted:
        return fnmatchcase(inside, wanted) or fnmatchcase(inside, wanted + b"/*")
    return any(fnmatchcase(part, wanted) for part in inside.split(b"/"))
