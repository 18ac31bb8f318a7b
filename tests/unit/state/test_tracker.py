import asyncio
from datetime import UTC, datetime

from expsyncd.state.status import ConfigState, Connected, HostState, RootState, Snapshot
from expsyncd.state.tensorboard import TensorBoardState
from expsyncd.state.tracker import Tracker

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def tracker():
    return Tracker(Snapshot("0", 1, NOW, ConfigState("/c", NOW), RootState("/r")))


def test_putting_what_is_there_changes_nothing():
    found = tracker()
    state = HostState(Connected(), NOW)
    found.put_host("gpu", state)
    index = found.index
    found.put_host("gpu", HostState(Connected(), NOW))
    found.put_root(RootState("/r"))
    found.put_tensorboard(TensorBoardState())
    found.put_notices(())
    assert found.index == index
    found.drop_host("gpu")
    found.drop_host("gpu")
    assert found.index == index + 1
    assert found.snapshot.hosts == {}


async def test_waiting_for_a_change():
    found = tracker()
    waiting = asyncio.get_running_loop().create_task(found.changed(found.index))
    await asyncio.sleep(0)
    assert not waiting.done()
    found.put_root(RootState("/r", 5))
    index, snapshot = await waiting
    assert (index, snapshot.root.free_bytes) == (found.index, 5)
    assert await found.changed(0) == (index, snapshot)
