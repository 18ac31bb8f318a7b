"""Reader: has a child read files of runs, and tells what a file gave or why it gave nothing."""

from __future__ import annotations

import os
from base64 import b64decode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from expsyncd.cell import SILENT_S, Cell, DiedError
from expsyncd.runs.tally import News, Tally
from expsyncd.state.measured import unpack

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from expsyncd.runs.find import FileSeen
    from expsyncd.state.readings import Reading

LONGEST_ANSWER = 16 << 20  # bytes of one line: a thousand settings, each character escaped


@dataclass(frozen=True)
class Answer:
    """What a piece of a file gave; `again`: it has to be read from its beginning, since it was replaced.

    `died`: its reader ended or hung.
    """

    reading: Reading
    news: Mapping[str, News] = field(default_factory=dict)
    more: bool = False
    again: bool = False
    died: bool = False


class Reader:
    """One file at a time; `rest` ends the child."""

    def __init__(self, mirror: Path, *, silent_s: float = SILENT_S) -> None:
        self._mirror = mirror
        self._cell = Cell(
            "expsyncd.runs.read",
            ends=frozenset({"read", "again", "refused"}),
            silent_s=silent_s,
            longest=LONGEST_ANSWER,
        )

    async def read(self, file: FileSeen, before: Reading, tags: Mapping[str, int]) -> Answer:
        """One more piece of `file`. Whatever the file is, there is an answer; `tags` as in `read`."""
        host, source, path = file.address
        absolute = b"/".join((os.fsencode(self._mirror), os.fsencode(host), os.fsencode(source), path))
        job = {
            "kind": file.kind,
            "path": os.fsdecode(absolute),
            "offset": before.offset,
            "mark": before.mark,
            "held": before.held,
            "tags": dict(tags),
        }
        news: dict[str, News] = {}
        try:
            async for said in self._cell.ask(job):
                if "tag" in said:
                    news[said["tag"]] = _news(said)
                elif "read" in said:
                    more = bool(said["more"])
                    reading = before.grown(
                        file,
                        offset=said["read"],
                        mark=said["mark"],
                        held=said["held"],
                        note=said["note"],
                        whole=not more,
                    )
                    return Answer(reading, news, more=more)
                elif "again" in said:
                    return Answer(before, again=True)
                elif "refused" in said:
                    refused = before.grown(file, offset=0, mark="", held={}, note=said["refused"], whole=True)
                    return Answer(refused)
        except DiedError as death:
            # What was read of it before stays.
            note = f"reading it {death}"
            reading = before.grown(
                file, offset=before.offset, mark=before.mark, held=before.held, note=note, whole=True
            )
            return Answer(reading, died=True)
        raise AssertionError("a job has a last answer")

    async def rest(self) -> None:
        """End the child; the next job starts another."""
        await self._cell.rest()


def _news(said: dict[str, Any]) -> News:
    least, greatest = said["least"], said["greatest"]
    first, last = said["first"], said["last"]
    tally = Tally(
        points=int(said["points"]),
        first=(first[0], first[1], first[2]),
        last=(last[0], last[1], last[2]),
        least=None if least is None else (least[0], least[1], least[2]),
        greatest=None if greatest is None else (greatest[0], greatest[1], greatest[2]),
        furthest=int(said["furthest"]),
        curve=tuple(unpack(b64decode(said["curve"]))),
    )
    return News(tally, bool(said["anew"]), int(said["lowest"]))
