"""From the config's words to the sources that are pulled, launch scripts included. Pure."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from expsyncd.config.model import SourceConfig
from expsyncd.config.names import components, folder_name, source_name
from expsyncd.pull.digest import quoted
from expsyncd.pull.source import Source

if TYPE_CHECKING:
    from expsyncd.config.model import Config, HostConfig

# A bracket that holds only letters, digits, ranges and a negation; any other is taken as its characters.
GLOB = re.compile(rb"([*?]|\[[!^]?[A-Za-z0-9._-]+\])")
JOURNAL = "journal"


def journal_sources(host: HostConfig) -> tuple[SourceConfig, ...]:
    """One source a folder of launch scripts, with just the named scripts of it."""
    folders: dict[str, list[str]] = {}
    for script in host.journal:
        parent, _, name = script.rpartition("/")
        folders.setdefault(parent or ("~" if "/" not in script else "/"), []).append(f"/{name}")
    taken = {source.name for source in host.sources}
    found: list[SourceConfig] = []
    for folder, names in folders.items():
        name = _journal_name(folder)
        while name in taken:
            name += "-scripts"
        taken.add(name)
        found.append(SourceConfig(path=folder, name=name, include=tuple(names)))
    return tuple(found)


def _journal_name(folder: str) -> str:
    """`~/gan` → `journal-gan-3f9a2c`, whatever else is named.

    The mirror keeps what a folder of another name once had: under its own name it is never another folder's.
    """
    parts = components(folder)
    digest = hashlib.sha256("/".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:6]
    last = re.sub(r"[^\w.-]", "_", parts[-1])[:60] if parts[1:] else "home" if parts[0] else "top"
    return folder_name(f"{JOURNAL}-{last}-{digest}")


def chosen(config: Config, host: HostConfig, source: SourceConfig, match: str | None = None) -> Source:
    """A source as it is pulled; `match` is the folder that a glob found."""
    return Source(
        host=host.name,
        name=source.name if match is None else source_name(source.path, source.name, match),
        path=source.path if match is None else match,
        include=source.include,
        exclude=source.exclude,
        max_size=source.max_size,
        bwlimit=source.bwlimit or host.bwlimit,
        skip_patterns=config.skip.patterns,
        skip_over=config.skip.over,
        max_entries=config.max_entries,
    )


def glob_script(pattern: str) -> bytes:
    """Shell text for `sh` on the host that prints the folders `pattern` matches, NUL after each.

    Everything but the glob characters is quoted, so nothing else is expanded.
    """
    words = b"".join(
        part if number % 2 else quoted(part)
        for number, part in enumerate(
            GLOB.split(pattern.removeprefix("~/").encode("utf-8", "surrogateescape"))
        )
        if part
    )
    loop = b'for f in %s; do [ -d "$f" ] && [ ! -L "$f" ] && printf "%%s\\0" "$f"; done; true\n'
    return loop % words


def glob_matches(output: bytes) -> list[str]:
    """The folders that `glob_script` printed, sorted; names that are not UTF-8 keep their bytes."""
    return sorted(name.decode("utf-8", "surrogateescape") for name in output.split(b"\0") if name)
