import asyncio
from datetime import UTC, datetime
from types import SimpleNamespace

from expsyncd import verbs
from expsyncd.state.status import ConfigState, Connected, RootState, Snapshot
from expsyncd.state.tracker import Tracker
from support.wait import eventually


async def test_somebody_looks_while_a_page_asks_and_for_a_moment_after(monkeypatch):
    monkeypatch.setattr(verbs, "LOOKS_FOR_S", 0.2)
    now = datetime.now(UTC)
    tracker = Tracker(Snapshot("0", 1, now, ConfigState("", now), RootState("")))

    async def nothing(*_):
        return {}

    ours = verbs.Verbs(
        tracker,
        dict,
        stop=lambda: None,
        reload=lambda: None,
        remember_paused=nothing,
        mark=nothing,
        link=nothing,
    )
    assert not ours.watched
    assert [answer["status"]["pid"] async for answer in ours.status({})] == [1]
    assert not ours.watched, "a command that asks once looks once"
    assert [answer["status"]["pid"] async for answer in ours.status({"looking": True})] == [1]
    assert ours.watched
    await eventually(lambda: not ours.watched, 5, "nobody looks any more")


async def test_a_pull_ends_with_a_host_that_another_config_replaces():
    now = datetime.now(UTC)
    tracker = Tracker(Snapshot("0", 1, now, ConfigState("", now), RootState("")))

    def host():
        state = SimpleNamespace(status=Connected(), sources={})
        return SimpleNamespace(
            state=state, config=SimpleNamespace(name="gpu"), request_pull=lambda _: {"logs": 7}
        )

    async def nothing(*_):
        return {}

    hosts = {"gpu": host()}
    ours = verbs.Verbs(
        tracker,
        lambda: hosts,
        stop=lambda: None,
        reload=lambda: None,
        remember_paused=nothing,
        mark=nothing,
        link=nothing,
    )
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        events = ours.pull({"host": "gpu"})
        asked = group.create_task(_first(events))
        await asyncio.sleep(0)
        hosts["gpu"] = host()
        ours.observe({"event": "outcome", "host": "gpu", "source": "logs", "round": 1})
        assert (await asked)["title"] == "hosts.yaml was changed meanwhile"


async def _first(events):
    return await anext(events)
