"""The guard itself: what it would not see could leak unnoticed."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import threading

from support import leaks
from support.processes import alive
from support.wait import until


def test_sees_a_child():
    with subprocess.Popen(["sleep", "60"]) as child:
        assert child.pid in leaks.processes(os.environ[leaks.MARKER])
        child.kill()
    assert child.pid not in leaks.processes(os.environ[leaks.MARKER])


def test_sees_an_orphan():
    pid = int(subprocess.check_output(["sh", "-c", "sleep 60 >/dev/null & echo $!"]))
    assert pid in leaks.processes(os.environ[leaks.MARKER])
    os.kill(pid, signal.SIGKILL)
    until(lambda: not alive(pid), within=5)
    assert pid not in leaks.processes(os.environ[leaks.MARKER])


def test_sees_a_thread():
    over = threading.Event()
    thread = threading.Thread(target=over.wait, name="left behind")
    thread.start()
    try:
        assert thread in leaks.threads()
    finally:
        over.set()
        thread.join()
    assert thread not in leaks.threads()


def test_sees_a_unix_socket(short_folder):
    path = str(short_folder / "sock")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)
        assert path in leaks.listening()
    assert path not in leaks.listening()


async def test_sees_a_task():
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.Event().wait(), name="left behind")
        assert task in leaks.tasks(asyncio.get_running_loop())
        task.cancel()
    assert task not in leaks.tasks(asyncio.get_running_loop())
