"""Sftp over a connection's master: opens without a login, ends when it has to, leaves nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import threading

import pytest

from expsyncd.errors import Error
from expsyncd.ssh import command
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.connection import Connection, ConnectionProblem
from expsyncd.ssh.sftp import Sftp
from support.wait import eventually


@pytest.fixture
async def connected(short_folder):
    made = []

    async def make(sshd, **options):
        connection = Connection(sshd.alias, socket_dir=short_folder, ssh_options=sshd.options, **options)
        made.append(connection)
        return connection, await connection.open()

    yield make
    for connection in made:
        await connection.close()


def folder_of(path, found):
    def work(wire):
        def job():
            handle = yield wire.open_folder(os.fsencode(path))
            found.extend((yield wire.entries(handle)))

        wire.run(iter([job()]), 1)

    return work


def without_end(wire):
    def job():
        while True:
            yield wire.look(b".")

    wire.run(iter([job()]), 1)


def silence(wire):
    """Waits for an answer that nobody asked for."""
    wire._receive()


async def test_it_rides_on_the_one_login(sshd, connected, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    connection, _ = await connected(sshd)
    attempts = sshd.attempts()
    found: list[tuple[bytes, object]] = []
    sftp = await connection.sftp()
    await sftp.run(folder_of(tmp_path, found))
    assert sftp.usable
    await sftp.close()
    assert not sftp.usable
    assert b"file" in {name for name, _ in found}
    assert sshd.attempts() == attempts


async def test_an_open_that_is_cut_off_as_the_host_greets_leaves_nothing(sshd, connected, short_folder):
    await connected(sshd)
    loop = asyncio.get_running_loop()

    class CutOff(Sftp):
        def _greet(self):
            super()._greet()
            loop.call_soon_threadsafe(opening.cancel)  # before its end is heard of

    argv = command.subsystem(sshd.options, command.socket_path(short_folder, sshd.alias), sshd.alias, "sftp")
    opening = loop.create_task(CutOff.open(argv, os.environ, "cut off", timeout_s=10))
    await asyncio.wait([opening])
    assert opening.cancelled()
    assert "sftp cut off" not in [thread.name for thread in threading.enumerate()]


async def test_work_is_stopped_when_it_may_not_go_on(sshd, connected):
    connection, _ = await connected(sshd)
    sftp = await connection.sftp()
    looks: list[int] = []
    with pytest.raises(Error, match="no disk"):
        await sftp.run(
            without_end, may_go_on=lambda: Error("no disk") if looks else None, look=lambda: looks.append(1)
        )
    assert not sftp.usable
    with pytest.raises(ConnectionProblem):
        await sftp.run(without_end)
    await sftp.close()


async def test_silence_ends_at_the_deadline(sshd, connected):
    connection, _ = await connected(sshd)
    sftp = await connection.sftp()
    with pytest.raises(Error, match="stalled"):
        await sftp.run(silence, stalled=Error("stalled"), progress_timeout_s=0.3)
    await sftp.close()


async def test_a_cancelled_caller_leaves_no_work_behind(sshd, connected):
    connection, _ = await connected(sshd)
    sftp = await connection.sftp()
    began = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(sftp.run(without_end, look=began.set))
        await began.wait()
        task.cancel()
    assert not sftp.usable
    await sftp.close()


async def test_the_end_of_the_host_ends_the_work(sshd, connected):
    connection, _ = await connected(sshd)
    sftp = await connection.sftp()
    began = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        task = group.create_task(asyncio.wait_for(_problem(sftp.run(without_end, look=began.set)), 20))
        await began.wait()
        for pid in sshd.sessions():
            os.kill(pid, signal.SIGKILL)
    assert task.result().diagnosis.retry
    await sftp.close()
    assert (await connection.lost()).diagnosis.retry


async def _problem(work):
    with pytest.raises(ConnectionProblem) as found:
        await work
    return found.value


@pytest.mark.parametrize(
    ("line", "kind", "words"),
    [
        ("Subsystem other internal-sftp", Kind.NO_SFTP, "ended at once"),
        ("Subsystem sftp /bin/false", Kind.NO_SFTP, "ended at once"),
        ("Subsystem sftp echo Welcome to the cluster", Kind.NO_SFTP, "print text"),
        ("Subsystem sftp sleep 60", Kind.UNANSWERED, "has not answered"),
    ],
)
async def test_a_host_without_a_working_sftp(make_sshd, connected, line, kind, words):
    sshd = make_sshd(lines=(line,))
    connection, _ = await connected(sshd, connect_timeout_s=2.0)
    problem = await _problem(connection.sftp())
    assert problem.diagnosis.kind is kind
    assert words in problem.title
    # What OpenSSH leaves running on a host that stays silent is the test's to end.
    for pid in sshd.sessions():
        if "sleep" in _command(pid):
            os.kill(pid, signal.SIGKILL)


def _command(pid):
    try:
        with open(f"/proc/{pid}/cmdline") as file:
            return file.read()
    except OSError:
        return ""


async def test_places_are_waited_for(make_sshd, connected):
    sshd = make_sshd(lines=("MaxSessions 1",))
    connection, _ = await connected(sshd)
    first = await connection.sftp()
    async with asyncio.TaskGroup() as group:
        second = group.create_task(connection.sftp())
        await eventually(lambda: not second.done(), within=1)
        await first.close()
    await second.result().close()


async def test_bytes_of_any_length_arrive(sshd, connected, tmp_path):
    content = os.urandom(3_000_001)
    (tmp_path / "file").write_bytes(content)
    connection, _ = await connected(sshd)
    sftp = await connection.sftp()
    found = bytearray()

    def work(wire):
        def job():
            handle = yield wire.open(bytes(tmp_path / "file"))
            places = range(0, len(content), wire.longest_read)
            for reply in [wire.read(handle, place, wire.longest_read) for place in places]:
                found.extend((yield reply))

        wire.run(iter([job()]), 1)

    await sftp.run(work)
    assert found == content
    await sftp.close()
