from datetime import UTC, datetime

from expsyncd import verbs
from expsyncd.state.status import ConfigState, RootState, Snapshot
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
