"""When the view is looked after, and what holding a file promises; with a view that can be kept waiting."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest

from expsyncd.clock import SystemClock
from expsyncd.errors import Error
from expsyncd.paths import RootPaths
from expsyncd.tensorboard.selection import Selection
from expsyncd.tensorboard.shelf import Shelf
from expsyncd.tensorboard.view import ViewChange
from support.wait import eventually, throughout

if TYPE_CHECKING:
    from pathlib import Path


class SlowView:
    """Lays nothing; each look waits for `gate` and is noted with what was held."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.begun = 0
        self.laid: list[set[Path]] = []

    def lay(self, _runs, *, held, **_):
        self.begun += 1
        assert self.gate.wait(10)
        self.laid.append(set(held))
        return ViewChange((), (), 0, {}, (), {})


@asynccontextmanager
async def shelf_over(view, tmp_path):
    async def ignore(*_):
        return

    shelf = Shelf(RootPaths(tmp_path), view, SystemClock(), ignore, lambda: True, lambda *_: Selection())
    async with asyncio.TaskGroup() as group:
        task = group.create_task(shelf.run(), name="shelf")
        shelf.request()
        await shelf.laid()
        try:
            yield shelf
        finally:
            view.gate.set()
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_a_look_that_began_before_does_not_count(tmp_path):
    # It may have laid the file already: a pull that trusted it would replace one that TensorBoard reads.
    view, file = SlowView(), tmp_path / "tfevents"
    async with shelf_over(view, tmp_path) as shelf:
        view.gate.clear()
        shelf.request()
        await eventually(lambda: view.begun == 2, within=5)
        async with asyncio.TaskGroup() as group:
            holding = group.create_task(shelf.hold([file]), name="hold")
            await eventually(lambda: not holding.done(), within=5)
            view.gate.set()
        assert view.laid[-1] == {file}


async def test_a_hold_waits_for_the_view_alone(tmp_path):
    # The catalogue may have no room for the runs; a pull that waits for the view must go on nevertheless.
    view: Any = SlowView()
    file = tmp_path / "tfevents"

    async def no_room(*_):
        raise Error("there is no room left for catalogue.db")

    shelf = Shelf(RootPaths(tmp_path), view, SystemClock(), no_room, lambda: True, lambda *_: Selection())
    shelf.request()
    async with asyncio.TaskGroup() as group:
        laid = group.create_task(shelf.laid(), name="laid")
        held = group.create_task(shelf.hold([file]), name="hold")
        await asyncio.sleep(0)
        with pytest.raises(Error, match="no room"):
            await shelf.run()
        try:
            await eventually(lambda: laid.done() and held.done(), 5, "both know of the view")
        finally:
            laid.cancel()
            held.cancel()
    assert view.laid == [{file}]


async def test_held_by_two_it_comes_back_after_both(tmp_path):
    view, file = SlowView(), tmp_path / "tfevents"
    async with shelf_over(view, tmp_path) as shelf:
        await shelf.hold([file])
        await shelf.hold([file])
        shelf.release([file])
        await eventually(lambda: len(view.laid) == 4, within=5)
        assert view.laid[-1] == {file}
        shelf.release([file])
        await eventually(lambda: view.laid[-1] == set(), within=5)


async def test_what_can_wait_does(tmp_path):
    view = SlowView()
    async with shelf_over(view, tmp_path) as shelf:
        shelf.request_seldom()
        await asyncio.to_thread(throughout, lambda: len(view.laid) == 1, 0.5)
        shelf.request()
        await eventually(lambda: len(view.laid) == 2, within=5)
        await asyncio.to_thread(throughout, lambda: len(view.laid) == 2, 0.5)
        shelf.request_soon()
        await eventually(lambda: len(view.laid) == 3, within=5)


async def test_many_wishes_are_few_looks(tmp_path):
    view = SlowView()
    async with shelf_over(view, tmp_path) as shelf:
        view.gate.clear()
        shelf.request()
        await eventually(lambda: view.begun == 2, within=5)
        for _ in range(100):
            shelf.request()
        view.gate.set()
        await eventually(lambda: len(view.laid) == 3, within=5)
        await asyncio.to_thread(throughout, lambda: len(view.laid) == 3, 0.3)
