"""What two that link at once leave; that scripts are read is shown by integration/test_journal."""

import asyncio
from typing import Any

from expsyncd.clock import SystemClock
from expsyncd.journal.service import Journal
from expsyncd.paths import RootPaths
from expsyncd.state.catalogue import Catalogue
from expsyncd.state.entries import LinkRow, links_of
from expsyncd.state.facts import Facts


class SlowThread:
    """Holds the first answer back until `go`."""

    def __init__(self):
        self.go, self.asked = asyncio.Event(), asyncio.Event()

    async def run(self, function, *args, **more):
        answer = function(*args, **more)
        if not self.asked.is_set():
            self.asked.set()
            await self.go.wait()
        return answer


async def test_what_the_person_says_is_not_undone_by_links_that_were_being_found(tmp_path):
    facts, catalogue = Facts.open(tmp_path / "facts.db"), Catalogue.open(tmp_path / "catalogue.db")
    thread: Any = SlowThread()
    journal = Journal(
        RootPaths(tmp_path), dict, thread, lambda: catalogue, facts, SystemClock(), lambda: True
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(journal._relink())
        await thread.asked.wait()
        said = group.create_task(journal.say({"entry": "e1", "runs": [["gpu", "logs", "a"]], "linked": True}))
        await asyncio.wait([said], timeout=0.2)  # it may be done before the other goes on, or wait for it
        thread.go.set()
    nothing: list[LinkRow] = []
    links = catalogue.read(links_of, nothing)
    assert [(link.entry, link.inside, link.by_hand) for link in links] == [("e1", b"a", True)]
    catalogue.close()
    facts.close()
