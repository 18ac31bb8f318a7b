"""The control socket: private, patient with nobody, and never held up by one stuck reader."""

from __future__ import annotations

import asyncio
import json
import os
import socket

import pytest

from expsyncd.control import client
from expsyncd.control.listener import Listener
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NotRunningError
from support.wait import eventually


class Serving:
    def __init__(self, folder, verbs) -> None:
        self.path = folder / "control.sock"
        self.verbs = verbs

    async def __aenter__(self):
        self.task = asyncio.get_running_loop().create_task(Listener(self.path, self.verbs).run())
        await eventually(lambda: self.answers() or self.task.done(), 5)
        if self.task.done():
            self.task.result()
        return self

    def answers(self):
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.path)) == 0

    async def __aexit__(self, *_):
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


async def hello(message):
    yield {"event": "hello", "to": message.get("to")}
    yield {"answer": 42}


async def refuse(_):
    raise Error("no", "never")
    yield {}


async def break_down(_):
    raise ZeroDivisionError
    yield {}


async def endless(_):
    while True:
        yield {"event": "more", "data": "x" * 50_000}


VERBS = {"hello": hello, "refuse": refuse, "break": break_down, "endless": endless}


async def ask(path, message):
    return await asyncio.to_thread(client.ask, path, message, 5)


async def test_events_then_the_answer(short_folder):
    async with Serving(short_folder, VERBS) as serving:
        lines = await asyncio.to_thread(
            lambda: list(client.stream(serving.path, request("hello", to="me"), 5))
        )
        assert lines == [{"event": "hello", "to": "me"}, {"ok": True, "answer": 42}]
        assert serving.path.stat().st_mode & 0o777 == 0o600
    assert not serving.path.exists()


async def test_errors_keep_their_words(short_folder, caplog):
    async with Serving(short_folder, VERBS) as serving:
        with pytest.raises(Error, match="no: never"):
            await ask(serving.path, request("refuse"))
        with pytest.raises(Error, match="failed to answer"):
            await ask(serving.path, request("break"))
        with pytest.raises(Error, match="knows no request"):
            await ask(serving.path, request("nonsense"))
        with pytest.raises(Error, match="protocol 1"):
            await ask(serving.path, {"v": 9, "do": "hello"})
        assert (await ask(serving.path, request("hello")))["answer"] == 42


@pytest.mark.parametrize(
    "garbage", [b"\n", b"nonsense\n", b"[]\n", b"\xff" * 100 + b"\n", b"x" * 2_000_000 + b"\n"]
)
async def test_garbage_is_answered(short_folder, garbage):
    async with Serving(short_folder, VERBS) as serving:
        reader, writer = await asyncio.open_unix_connection(str(serving.path), limit=1 << 22)
        writer.write(garbage)
        line = await asyncio.wait_for(reader.readline(), 10)
        assert json.loads(line)["ok"] is False
        writer.close()


async def test_a_stuck_reader_holds_up_nobody(short_folder):
    async with Serving(short_folder, VERBS) as serving:
        stuck = socket.socket(socket.AF_UNIX)
        stuck.connect(str(serving.path))
        stuck.sendall(b'{"v":1,"do":"endless"}\n')
        assert (await ask(serving.path, request("hello")))["answer"] == 42
        answers = await asyncio.gather(*(ask(serving.path, request("hello")) for _ in range(50)))
        assert [answer["answer"] for answer in answers] == [42] * 50
        stuck.close()


async def test_hanging_up_ends_the_answer(short_folder):
    ended = asyncio.Event()

    async def watched(_):
        try:
            while True:
                yield {"event": "tick"}
                await asyncio.sleep(0.01)
        finally:
            ended.set()

    async with Serving(short_folder, {"watch": watched}) as serving:
        reader, writer = await asyncio.open_unix_connection(str(serving.path))
        writer.write(b'{"v":1,"do":"watch"}\n')
        await reader.readline()
        writer.close()
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_stale_socket_is_replaced_and_a_live_one_is_not(short_folder):
    stale = socket.socket(socket.AF_UNIX)
    stale.bind(str(short_folder / "control.sock"))
    stale.close()
    async with Serving(short_folder, VERBS) as serving:
        assert (await ask(serving.path, request("hello")))["answer"] == 42
        with pytest.raises(Error, match="another process serves"):
            await Listener(serving.path, VERBS).run()
        assert (await ask(serving.path, request("hello")))["answer"] == 42


async def test_a_folder_that_a_thread_makes_meanwhile_can_be_entered(short_folder, monkeypatch):
    # The mask of modes is the whole process's, and pulls and TensorBoard's view make folders in threads.
    bind, made = socket.socket.bind, short_folder / "made"

    def bound(listening, address):
        made.mkdir(mode=0o700)
        bind(listening, address)

    monkeypatch.setattr(socket.socket, "bind", bound)
    async with Serving(short_folder, VERBS) as serving:
        assert serving.path.stat().st_mode & 0o777 == 0o600
    assert made.stat().st_mode & 0o777 == 0o700


def test_nobody_there(short_folder):
    with pytest.raises(NotRunningError) as error:
        client.ask(short_folder / "none.sock", request("status"))
    assert error.value.exit_status == 3


@pytest.mark.skipif(os.getuid() != 0, reason="becoming another user needs root")
async def test_another_user_gets_nothing(short_folder):
    async with Serving(short_folder, VERBS) as serving:
        short_folder.chmod(0o755)
        serving.path.chmod(0o666)  # as if the folder's mode had failed us
        script = (
            "import socket,sys; s=socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]);"
            's.sendall(b\'{"v":1,"do":"hello"}\\n\'); print(s.recv(100))'
        )
        other = await asyncio.create_subprocess_exec(
            "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", script, str(serving.path),
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, err = await asyncio.wait_for(other.communicate(), 10)
        assert b"hello" not in out, (out, err)
        assert other.returncode == 0 or b"ConnectionReset" in err or b"BrokenPipe" in err, err
