"""Launch scripts in the mirror: which there are, and what the child says of them."""

from __future__ import annotations

import logging
import os
import stat
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expsyncd.cell import Cell, DiedError
from expsyncd.mirror.batch import UNFINISHED_FOLDERS, is_temporary
from expsyncd.mirror.layout import shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

logger = logging.getLogger(__name__)

LONGEST_ANSWER = 64 << 20
SCRIPTS_MOST = 2000  # of all hosts
DEEPEST = 4

Folders = dict[
    tuple[str, str], str
]  # host and source → the folder on the host; empty where a glob matched it


@dataclass(frozen=True)
class Script:
    """One mirrored script: where it lies here, and its path on the host as configured."""

    host: str
    script: bytes
    path: bytes
    size: int
    mtime_ns: int

    @property
    def content(self) -> tuple[int, int]:
        """What changes with its text."""
        return self.size, self.mtime_ns


@dataclass(frozen=True)
class Answer:
    """What the child found: redacted text, entries as dictionaries, what could not be read."""

    text: str
    digest: str
    entries: Sequence[Mapping[str, Any]] = field(default_factory=list)
    trouble: str = ""


def find_scripts(mirror: Path, folders: Folders) -> list[Script]:
    """All regular files of the journal's sources; links are not followed."""
    found: list[Script] = []
    for (host, source), folder in sorted(folders.items()):
        base = os.fsencode(mirror / host / source)
        prefix = os.fsencode(folder.rstrip("/") or source)
        waiting = [(base, 0)]
        while waiting and len(found) < SCRIPTS_MOST:
            place, deep = waiting.pop()
            try:
                entries = sorted(os.scandir(place), key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in entries:
                if is_temporary(entry.name) or entry.name in UNFINISHED_FOLDERS:
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                if stat.S_ISDIR(status.st_mode) and deep < DEEPEST:
                    waiting.append((entry.path, deep + 1))
                elif stat.S_ISREG(status.st_mode):
                    inside = entry.path[len(base) + 1 :]
                    found.append(
                        Script(host, prefix + b"/" + inside, entry.path, status.st_size, status.st_mtime_ns)
                    )
    return found[:SCRIPTS_MOST]


class ScriptReader:
    """Asks the child; `rest` ends it."""

    def __init__(self) -> None:
        self._cell = Cell(
            "expsyncd.journal.read", ends=frozenset({"entries", "refused"}), longest=LONGEST_ANSWER
        )

    async def read(self, script: Script, beside: Mapping[str, bytes]) -> Answer | None:
        """The script as it is now; None where it cannot be read, which is logged."""
        job = {"path": os.fsdecode(script.path), "beside": {n: os.fsdecode(p) for n, p in beside.items()}}
        return await self._ask(job, f"{script.host}:{shown(script.script)}")

    async def read_text(self, text: str, beside: Mapping[str, str], name: str) -> Answer | None:
        """A text that was kept; `beside`: texts by name that were kept of its folder."""
        return await self._ask({"text": text, "beside_text": dict(beside)}, name)

    async def rest(self) -> None:
        """End the child until the next job."""
        await self._cell.rest()

    async def _ask(self, job: dict[str, Any], name: str) -> Answer | None:
        try:
            async for said in self._cell.ask(job):
                if "refused" in said:
                    logger.warning("the launch script %s cannot be read: %s", name, said["refused"])
                    return None
                return Answer(said["text"], said["digest"], said["entries"], said["trouble"])
        except DiedError as death:
            logger.warning("the launch script %s is left out: it %s", name, death)
        return None
