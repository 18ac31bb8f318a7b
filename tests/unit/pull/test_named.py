"""Rounds of named files: what one of them does not settle is asked for again, or owed."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from expsyncd.pull.named import Named
from expsyncd.pull.outcome import COMPLETE, Outcome
from expsyncd.pull.source import Lanes
from expsyncd.state.status import Trouble
from support.wait import eventually

PARTIAL = Outcome("partial", Trouble("some files could not be read"))


class Pull:
    """A round of `items` that ends as it is told to; `meanwhile` happens in it."""

    def __init__(self, items, outcome, meanwhile=lambda: None):
        self.paths = {item.path for item in items}
        self.outcome = outcome
        self.left, self.again, self.under_way = [], False, False
        self.passes = SimpleNamespace(large=())
        self.tally = SimpleNamespace(files=0)
        self._meanwhile = meanwhile

    @asynccontextmanager
    async def leased(self):
        yield

    async def look(self):
        self._meanwhile()

    async def metrics(self):
        pass

    async def small(self):
        pass


async def rounds(ends, names):
    """Named files of rounds that end by `ends`: an outcome and what leaves meanwhile; the rounds, what is owed."""
    made: list[Any] = []
    owed: list[int] = []
    rhythm: Any = SimpleNamespace(owe=lambda: owed.append(len(made)), stirred=lambda: None)
    telling: Any = SimpleNamespace()
    reach: Any = SimpleNamespace(by_names=True)
    named = Named(Lanes(), telling, rhythm, lambda: None, lambda _left: None, lambda: None)

    def leave(paths):
        for path in paths:
            named.left(path)

    def new_pull(_reach, items):
        outcome, leaves = ends[len(made)]
        made.append(Pull(items, outcome, lambda: leave(leaves)))
        return made[-1]

    named.add(names)
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(named.run(reach, new_pull))
        try:
            await eventually(lambda: len(made) == len(ends) and not named.waiting, 5, "the last round")
        finally:
            serving.cancel()
    return [pull.paths for pull in made], owed


async def test_a_file_that_left_hides_no_other_that_did_not_come():
    made, owed = await rounds([(PARTIAL, [b"tmp"]), (PARTIAL, [])], {b"tmp": 1, b"a.png": 2})
    assert made == [{b"tmp", b"a.png"}, {b"a.png"}]
    assert owed == [2]


async def test_a_file_that_left_is_no_failure():
    made, owed = await rounds([(PARTIAL, [b"tmp"])], {b"tmp": 1})
    assert (made, owed) == ([{b"tmp"}], [])
    made, owed = await rounds([(PARTIAL, [b"tmp"]), (COMPLETE, [])], {b"tmp": 1, b"a.png": 2})
    assert (made, owed) == ([{b"tmp", b"a.png"}, {b"a.png"}], [])
