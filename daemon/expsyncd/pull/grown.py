"""Whether files of ours are the beginnings of the host's: digests on both ends, asked in one batch."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from expsyncd.pull.digest import (
    INODE_FROM,
    WHOLE_LIMIT,
    Question,
    answers,
    local_digest,
    patience_s,
    script,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from expsyncd.pull.plan import Grown
    from expsyncd.pull.source import Commands, Source, Tools


async def ask_whether_grown(
    grown: Sequence[Grown],
    source: Source,
    folder: Path,
    connection: Commands,
    tools: Tools,
    program: str | None,
    *,
    here: Mapping[bytes, int] | None = None,
    digest: Callable[[Question], str] | None = None,
) -> set[bytes]:
    """The paths whose first bytes, as many as we have, are the same on the host.

    `here` gives our lengths where they are not those of the plan, `digest` digests ours where not all is in
    the mirror. Without a digest program on the host nothing is certain and the answer is empty. Beyond
    64 MiB head and tail are compared and the inode has to be the one that was seen when the whole was last
    compared.
    """
    if not grown or program is None:
        return set()
    known = await tools.thread.run(
        _known_inodes, tools, source, [g.path for g in grown if _length(g, here) > WHOLE_LIMIT]
    )
    questions = [_question(g, _length(g, here), g.path in known) for g in grown]
    asked = await connection.command(
        "exec sh", data=script(source.path, questions, program), timeout_s=patience_s(questions)
    )
    told = answers(questions, asked.stdout)
    digest = digest or partial(local_digest, bytes(folder))
    ours = await asyncio.to_thread(lambda: {question.path: digest(question) for question in questions})
    same: set[bytes] = set()
    inodes: dict[bytes, int] = {}
    for question in questions:
        answer = told.get(question.path)
        if answer is None or not answer.digest or answer.digest != ours[question.path]:
            continue
        if not question.whole and known[question.path] != answer.inode:
            continue
        same.add(question.path)
        if question.length > INODE_FROM:
            inodes[question.path] = answer.inode
    if inodes:
        await tools.thread.run(_remember_inodes, tools, source, inodes)
    return same


def _length(grown: Grown, here: Mapping[bytes, int] | None) -> int:
    return grown.here if here is None else here[grown.path]


def _question(grown: Grown, length: int, inode_known: bool) -> Question:
    return replace(grown.question, length=length, whole=length <= WHOLE_LIMIT or not inode_known)


def _known_inodes(tools: Tools, source: Source, paths: Sequence[bytes]) -> dict[bytes, int]:
    found = {path: tools.facts.inode(source.host, source.name, path) for path in paths}
    return {path: inode for path, inode in found.items() if inode}


def _remember_inodes(tools: Tools, source: Source, inodes: Mapping[bytes, int]) -> None:
    for path, inode in inodes.items():
        tools.facts.set_inode(source.host, source.name, path, inode)
