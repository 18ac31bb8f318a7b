"""More files than are planned at a time: round after round brings them, and nobody is told that all is here."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from expsyncd.clock import SystemClock
from expsyncd.pull.keeper import SourceKeeper
from expsyncd.pull.rhythm import Rhythm
from expsyncd.pull.source import Lanes, Source
from expsyncd.state.status import SourceState
from support.place import content
from support.pulls import world
from support.wait import eventually

MOST = 4

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


async def rounds_until_fresh(found, **options):
    """The words of status, and the outcomes that a waiting `expsyncd pull` hears of."""
    words, outcomes = [], []
    clock = SystemClock()
    keeper = SourceKeeper(
        Source("gpu", "there", str(found.there), **options), found.tools, Lanes(), clock,
        SourceState(str(found.there)),
        lambda _, state: words.append(state.status.word),
        lambda event: outcomes.append(event) if event["event"] == "outcome" else None,
        rhythm=Rhythm(clock, timedelta(minutes=15)), most=MOST,
    )  # fmt: skip
    async with asyncio.TaskGroup() as group:
        serving = group.create_task(keeper.run(found.reach))
        keeper.request()
        await eventually(lambda: outcomes, 30, "a round that says how it ended")
        serving.cancel()
    return words, outcomes


async def test_rounds_go_on_until_all_is_here(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        for number in range(11):
            (found.there / f"{number}.png").write_bytes(b"x" * number)
        (found.there / "z.csv").write_bytes(b"1\n")
        words, outcomes = await rounds_until_fresh(found)
        assert content(found.here) == content(found.there)
        assert [outcome["outcome"] for outcome in outcomes] == ["complete"]
        assert words[-1] == "fresh"
        assert "fresh" not in words[:-1]
        assert "partial" in words


async def test_all_is_listed_once_and_once_more_at_the_end(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        for number in range(30):
            (found.there / f"{number}.png").write_bytes(b"x" * number)
        listings = Counted(found.reach)
        found.reach = listings
        _, outcomes = await rounds_until_fresh(found)
        assert content(found.here) == content(found.there)
        assert [outcome["outcome"] for outcome in outcomes] == ["complete"]
        assert listings.count == 2


async def test_what_went_and_what_came_after_the_listing(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        for number in range(12):
            (found.there / f"{number:02}.png").write_bytes(b"x")

        def meanwhile():
            (found.there / "11.png").unlink()
            (found.there / "10.png").write_bytes(b"another")
            (found.there / "z.png").write_bytes(b"late")
            (found.there / "z.csv").write_bytes(b"1\n")

        found.reach = Counted(found.reach, meanwhile)
        words, _ = await rounds_until_fresh(found)
        assert content(found.here) == content(found.there)
        assert "fresh" not in words[:-1]


class Counted:
    """A reach whose carriers count listings, and call `after` the first one."""

    def __init__(self, reach, after=lambda: None) -> None:
        self.count = 0
        self._reach = reach
        self._after = after

    def __getattr__(self, name):
        return getattr(self._reach, name)

    def carrier(self, *words):
        carrier = self._reach.carrier(*words)
        listing = carrier.listing

        async def counted(**options):
            found = await listing(**options)
            self.count += 1
            if self.count == 1:
                self._after()
            return found

        carrier.listing = counted
        return carrier


async def test_files_that_are_left_out_do_not_stand_before_the_others(sshd, short_folder):
    async with world(short_folder, sshd) as found:
        for number in range(9):
            (found.there / f"a{number}.png").write_bytes(b"x" * 100)
        (found.there / "z.png").write_bytes(b"x")
        _, outcomes = await rounds_until_fresh(found, max_size=50)
        assert content(found.here) == {b"z.png": b"x"}
        assert [outcome["outcome"] for outcome in outcomes] == ["complete"]
