"""The fixtures of all tests; tests/conftest.py imports them by name."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import tempfile
import uuid
from contextlib import suppress
from pathlib import Path

import pytest

from support import leaks
from support.place import Place
from support.sshd import Sshd
from support.wait import eventually, until


@pytest.fixture
def leak_guard(monkeypatch):
    """Fails the test that leaves a process, a thread or a listening unix socket behind."""
    marker = uuid.uuid4().hex
    monkeypatch.setenv(leaks.MARKER, marker)
    processes, threads, sockets = leaks.processes(marker), leaks.threads(), leaks.listening()
    yield

    def left() -> list[str]:
        return [
            *leaks.named(leaks.processes(marker) - processes),
            *map(repr, leaks.threads() - threads),
            *(leaks.listening() - sockets),
        ]

    try:
        until(lambda: not left(), within=leaks.SETTLE_S)
    except AssertionError:
        found = left()
        # They carry our marker or are below us: ours to end, so that no later test meets them.
        for pid in leaks.processes(marker) - processes:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        raise AssertionError(f"left behind: {found}") from None


@pytest.fixture
async def task_guard():
    """Fails the test that leaves a task in its event loop."""
    loop = asyncio.get_running_loop()
    before = leaks.tasks(loop)
    yield
    own = asyncio.current_task()

    def left():
        return leaks.tasks(loop) - before - {own}

    try:
        await eventually(lambda: not left(), within=leaks.SETTLE_S)
    except AssertionError:
        raise AssertionError(f"left behind, tasks: {left()}") from None


@pytest.fixture(autouse=True)
def guarded(request):
    """Both guards around every test that starts real things; first up, last down."""
    folders = {parent.name for parent in request.path.parents}
    if folders & {"integration", "faults", "contracts"}:
        request.getfixturevalue("leak_guard")
        if asyncio.iscoroutinefunction(request.function):
            request.getfixturevalue("task_guard")


@pytest.fixture
def short_folder():
    """A folder whose path is short enough for unix sockets."""
    folder = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def make_sshd(guarded, tmp_path):
    """`make_sshd(**options)` starts a real sshd, see support.sshd.Sshd; all are stopped after the test."""
    started: list[Sshd] = []

    def make(**options) -> Sshd:
        sshd = Sshd(tmp_path / f"sshd{len(started)}", **options)
        started.append(sshd)
        return sshd

    yield make
    for sshd in started:
        sshd.stop()


@pytest.fixture
def sshd(make_sshd):
    """One plain sshd that lets us in."""
    return make_sshd()


@pytest.fixture
def laptop(make_sshd):
    """`laptop(**options of Sshd)`: a Place with one host, not configured yet."""
    places: list[Place] = []

    def make(**options) -> Place:
        sshd = make_sshd(**options)
        place = Place(sshd.options, sshd.alias)
        place.sshd = sshd
        places.append(place)
        return place

    yield make
    for place in places:
        place.close()


@pytest.fixture
def no_agent(monkeypatch):
    """No ssh-agent of the person who runs the tests."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    assert "SSH_AUTH_SOCK" not in os.environ
