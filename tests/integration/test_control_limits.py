"""The control socket at its edges: long answers, readers that stop, a stop while somebody watches."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import asynccontextmanager, suppress

import pytest

from expsyncd.control import client
from expsyncd.control.listener import Listener
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NeedsUserError
from support.wait import eventually

LONG = "x" * 3_000_000  # a plan that skips 30,000 files
REQUEST = b'{"v":1,"do":"%s"}\n'


async def long_plan(_):
    yield {"event": "plan", "skipped": LONG}
    yield {"done": True}


async def endless(_):
    while True:
        yield {"event": "more", "filler": "x" * 50_000}


async def for_ever(_):
    yield {"event": "tick"}
    await asyncio.Event().wait()


@asynccontextmanager
async def serving(path, verb, **options):
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Listener(path, {"do": verb}, **options).run())
        await eventually(path.exists, within=5)
        try:
            yield task
        finally:
            task.cancel()


async def test_an_answer_longer_than_any_buffer_arrives(short_folder):
    path = short_folder / "control.sock"
    async with serving(path, long_plan):
        lines = await asyncio.to_thread(lambda: list(client.stream(path, request("do"), 10)))
    assert lines == [{"event": "plan", "skipped": LONG}, {"ok": True, "done": True}]


async def test_a_reader_that_takes_nothing_is_cut_off(short_folder):
    path = short_folder / "control.sock"
    ended = asyncio.Event()

    async def told(message):
        try:
            async for event in endless(message):
                yield event
        finally:
            ended.set()

    async with serving(path, told, write_within_s=0.2):
        with socket.socket(socket.AF_UNIX) as stuck:
            stuck.connect(str(path))
            stuck.sendall(REQUEST % b"do")
            await asyncio.wait_for(ended.wait(), 10)


async def test_the_stop_does_not_wait_for_who_watches(short_folder, caplog):
    path = short_folder / "control.sock"
    async with serving(path, for_ever) as task:
        reader, writer = await asyncio.open_unix_connection(str(path))
        writer.write(REQUEST % b"do")
        await reader.readline()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.wait_for(asyncio.shield(task), 5)
        assert task.done()
        assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()
    assert [record.message for record in caplog.records] == []


async def test_a_path_that_no_socket_can_have_is_the_persons_to_mend(tmp_path):
    path = tmp_path / ("long" * 40) / "control.sock"
    with pytest.raises(NeedsUserError, match="too long"):
        await Listener(path, {}).run()


def test_a_frozen_daemon_is_said_so(short_folder):
    path = short_folder / "control.sock"
    with socket.socket(socket.AF_UNIX) as frozen:
        frozen.bind(str(path))
        frozen.listen()
        with pytest.raises(Error, match="does not answer") as error:
            client.ask(path, request("status"), 0.1)
    assert error.value.exit_status == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "ended while it answered"),
        (b'{"event":"x"}\n', "ended while it answered"),
        (b"login noise\n", "not JSON"),
        (b'{"ok":false,"error":{"title":"t","advice":"a","exit_status":75}}\n', "t: a"),
    ],
)
def test_what_a_daemon_may_say_instead_of_an_answer(short_folder, answer, words):
    path = short_folder / "control.sock"

    def reply():
        connection, _ = listening.accept()
        with connection:
            connection.recv(1000)
            connection.sendall(answer)

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        replying = threading.Thread(target=reply)
        replying.start()
        with pytest.raises(Error, match=words) as error:
            client.ask(path, request("status"), 5)
        replying.join()
    assert error.value.exit_status == (75 if words == "t: a" else 1)
