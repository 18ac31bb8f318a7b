"""Children: deadlines, groups, pipes held by grandchildren, and nothing left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import signal

import pytest

from expsyncd.errors import Error
from expsyncd.process import Child, guarded, run
from support.place import alive
from support.wait import eventually


async def test_output_of_the_leader_though_a_grandchild_holds_the_pipe():
    done = await run(["sh", "-c", "echo out; echo err >&2; sleep 100 & exit 3"], timeout_s=20)
    assert (done.code, done.stdout, done.stderr, done.timed_out) == (3, b"out\n", b"err\n", False)


async def test_deadline():
    done = await run(["sleep", "100"], timeout_s=0.2)
    assert done.timed_out
    assert done.code == -signal.SIGTERM


async def test_megabytes_through_stdin_and_out():
    data = os.urandom(3_000_000)
    done = await run(["cat"], data=data, timeout_s=20)
    assert done.stdout == data


async def test_output_beyond_the_limit_is_read_and_dropped():
    done = await run(["head", "-c", "1000000", "/dev/zero"], timeout_s=20, limit=1000)
    assert (len(done.stdout), done.cut, done.code) == (1000, True, 0)


async def test_who_ignores_term_is_killed_with_its_group(tmp_path):
    script = f"trap '' TERM; sleep 100 & echo $! > {tmp_path}/pid; echo ready; while :; do sleep 1; done"
    async with await Child.start(["sh", "-c", script], grace_s=0.3) as child:
        async for _ in child.lines():
            break
        inner = int((tmp_path / "pid").read_text())
    assert child.code == -signal.SIGKILL
    await eventually(lambda: not alive(inner), 5)


async def test_a_cancelled_caller_leaves_no_child():
    started = asyncio.Event()
    pids = []

    async def use():
        async with await Child.start(["sleep", "100"]) as child:
            pids.append(child.pid)
            started.set()
            await child.wait()

    task = asyncio.get_running_loop().create_task(use())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not alive(pids[0])


async def test_many_quick_children_keep_their_exit_codes(caplog):
    caplog.set_level(logging.WARNING)

    async def one(number):
        return (await run(["sh", "-c", f"exit {number}"], timeout_s=20)).code

    codes = await asyncio.gather(*(one(number) for number in range(40)))
    assert codes == list(range(40))
    assert caplog.records == []


async def test_stopping_a_child_that_just_ended_keeps_its_exit_code(caplog):
    caplog.set_level(logging.WARNING)
    for _ in range(30):
        child = await Child.start(["sh", "-c", "kill -9 $$"])
        await child.stop()
        assert child.code in (-signal.SIGKILL, -signal.SIGTERM)
    assert caplog.records == []


async def test_lines_longer_than_the_buffer_come_whole():
    script = "head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"
    async with await Child.start(["sh", "-c", script]) as child:
        lines = [line async for line in child.lines()]
    assert lines == [b"x" * 300_000, b"end"]


async def test_missing_program():
    with pytest.raises(Error, match="is not installed"):
        await Child.start(["no-such-program-here"])


def test_guards_are_in_front():
    argv = guarded(["rsync", "x"], file_size_limit=5)
    assert argv[-2:] == ["rsync", "x"]
    assert "--fsize=5:5" in argv
    assert "--pdeathsig" in argv
    assert guarded(["ssh"], outlives=True) == ["ssh"]
