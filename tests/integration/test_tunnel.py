"""Tunnels over a real connection: open only when a look from end to end gets through."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from expsyncd.clock import SystemClock
from expsyncd.config.model import ForwardConfig, HostConfig
from expsyncd.process import Child, run
from expsyncd.ssh import command
from expsyncd.ssh import tunnel as module
from expsyncd.ssh.connection import Connection
from expsyncd.ssh.forwarding import Reached
from expsyncd.ssh.tunnels import Tunnels
from expsyncd.state.status import Trouble
from support.place import free_port, http_json
from support.wait import eventually

if TYPE_CHECKING:
    from expsyncd.state.tunnels import TunnelState

pytestmark = pytest.mark.timeout(90)
WITHIN_S = 20
THIRD = "127.0.0.9"  # stands for a machine behind the host


def keeps_the_request(handler):
    handler.rfile.read(1)  # until the other end hangs up


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"here": true}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        return


@contextmanager
def page(port=0):
    """Something that answers HTTP on the third machine; its port."""
    with ThreadingHTTPServer((THIRD, port), Page) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05}, name="page")
        thread.start()
        try:
            yield http.server_address[1]
        finally:
            http.shutdown()
            thread.join()


@contextmanager
def listener(answer=None, port=0):
    """A port of the third machine; `answer(connection)` runs for each, without one nothing is ever accepted."""
    with socket.create_server((THIRD, port)) as door:
        held = []

        def serve():
            while True:
                try:
                    connection, _ = door.accept()
                except OSError:
                    return
                held.append(connection)
                with contextlib.suppress(OSError):
                    answer(connection)

        thread = threading.Thread(target=serve, name="listener") if answer else None
        if thread:
            thread.start()
        try:
            yield door.getsockname()[1]
        finally:
            door.shutdown(socket.SHUT_RDWR)
            for connection in held:
                connection.close()
            if thread:
                thread.join()


def resets(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def says_hello(connection):
    connection.sendall(b"220 mail\r\n")


def keeps_still(connection):
    connection.recv(1)


def hangs_up_when_asked(connection):
    connection.recv(64)
    connection.close()


@pytest.fixture
def tunnels_of(short_folder):
    """`async with tunnels_of(sshd, remote=…) as states`: the states by name, kept up to date."""

    @asynccontextmanager
    async def make(sshd, *remotes, local=None, tensorboard=False):
        states: dict[str, TunnelState] = {}
        local = local or str(free_port())
        forwards = tuple(
            ForwardConfig(
                local=local if not number else str(free_port()), remote=remote, tensorboard=tensorboard
            )
            for number, remote in enumerate(remotes)
        )
        connection = Connection(sshd.alias, socket_dir=short_folder / "cm", ssh_options=sshd.options)
        tunnels = Tunnels(
            HostConfig(name="gpu", ssh=sshd.alias, forwards=forwards), states.__setitem__, SystemClock()
        )
        link = await connection.open()
        try:
            async with asyncio.TaskGroup() as group:
                lost = group.create_task(connection.lost(), name="lost")  # reads what the master says
                task = group.create_task(
                    tunnels.run(connection.forwarding(), link.round_trip_s), name="tunnels"
                )
                try:
                    yield states
                finally:
                    task.cancel()
                    await asyncio.wait([task])
                    lost.cancel()
        finally:
            await connection.close()

    return make


async def becomes(states, word, words="", within=WITHIN_S):
    def there():
        (state,) = states.values()
        error = getattr(state.status, "error", Trouble(""))
        return state.status.word == word and words in error.title

    await eventually(there, within, f"{word} {words}: {states}")
    return next(iter(states.values()))


async def test_to_a_page_on_a_third_machine(sshd, tunnels_of):
    with page() as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}") as states:
            state = await becomes(states, "open")
            assert state.status.url == f"http://localhost:{state.local.partition(':')[2]}/"
            assert await asyncio.to_thread(http_json, state.status.url) == {"here": True}
        with socket.socket() as probe:
            assert probe.connect_ex(("127.0.0.1", int(state.local.partition(":")[2]))) != 0, "left behind"


async def test_the_page_of_a_local_end_that_is_not_localhost(sshd, tunnels_of):
    with page() as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}", local=f"127.0.0.5:{free_port()}") as states:
            state = await becomes(states, "open")
            assert await asyncio.to_thread(http_json, state.status.url) == {"here": True}


async def test_a_closed_port_never_reads_open_and_is_found_when_it_opens(sshd, tunnels_of):
    with page() as port:
        pass
    async with tunnels_of(sshd, f"{THIRD}:{port}") as states:
        state = await becomes(states, "waiting", f"cannot connect to {THIRD}:{port}: Connection refused")
        assert state.status.word == "waiting"
        with page(port):
            await becomes(states, "open")
        await becomes(states, "waiting", "Connection refused", within=40)


@pytest.mark.parametrize(
    ("answer", "tensorboard", "word", "words"),
    [
        (resets, False, "waiting", "closes connections at once"),
        (resets, True, "waiting", "closes connections at once"),
        (None, True, "waiting", "takes connections but does not answer"),
        (keeps_still, False, "open", ""),
        (says_hello, False, "open", ""),
        (hangs_up_when_asked, False, "open", ""),
    ],
)
async def test_far_ends_of_every_kind(sshd, tunnels_of, answer, tensorboard, word, words):
    with listener(answer) as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}", tensorboard=tensorboard) as states:
            state = await becomes(states, word, words)
            if word == "open":
                assert state.status.url == f"localhost:{state.local.partition(':')[2]}"


async def test_a_page_that_hangs_later_is_no_longer_open(sshd, tunnels_of):
    with page() as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}", tensorboard=True) as states:
            await becomes(states, "open")
    with listener() as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}", tensorboard=True) as states:
            await becomes(states, "waiting", "does not answer")


async def test_a_page_that_hangs_is_not_open_while_others_ask_why_theirs_do(monkeypatch):
    monkeypatch.setattr(module, "OPEN_EVERY_S", 0.1)
    states: dict[str, TunnelState] = {}

    class Master:
        async def open(self, _local, _remote):
            return True  # what stands at the local end stands for the tunnel

        async def cancel(self, _local, _remote):
            pass

        async def reach(self, _remote, _limit_s):
            await asyncio.Event().wait()
            return Reached("silent")

    with page() as port:
        local = f"{THIRD}:{port}"
        forwards = (ForwardConfig(local=local, remote="localhost:6006", tensorboard=True),)
        tunnels = Tunnels(
            HostConfig(name="gpu", ssh="gpu", forwards=forwards), states.__setitem__, SystemClock()
        )
        async with asyncio.TaskGroup() as group:
            running = group.create_task(tunnels.run(Master(), 0.0), name="tunnels")
            try:
                await becomes(states, "open")
                monkeypatch.setattr(Page, "do_GET", keeps_the_request)
                await becomes(states, "waiting", "does not answer")
            finally:
                running.cancel()


async def test_a_busy_local_port_names_its_owner_and_is_taken_when_free(sshd, tunnels_of):
    with page() as port:
        busy = socket.create_server(("127.0.0.1", 0))
        local = busy.getsockname()[1]
        async with tunnels_of(sshd, f"{THIRD}:{port}", local=str(local)) as states:
            state = await becomes(states, "waiting", f"port {local} is taken by process")
            assert "another local port" in state.status.error.advice
            busy.close()
            await becomes(states, "open")


async def test_a_forward_that_the_master_holds_from_an_earlier_life_is_used(sshd, tunnels_of, short_folder):
    path = command.socket_path(short_folder / "cm", sshd.alias)
    path.parent.mkdir(mode=0o700)
    argv = ["ssh", *sshd.options, "-M", "-N", "-S", str(path), "--", sshd.alias]
    async with await Child.start(argv, stderr=asyncio.subprocess.DEVNULL):
        await eventually(path.exists, WITHIN_S)
        local = f"127.0.0.1:{free_port()}"
        with page() as port:
            left = await run(
                command.forward(path, sshd.alias, "forward", local, f"{THIRD}:{port}"), timeout_s=WITHIN_S
            )
            assert left.code == 0
            async with tunnels_of(sshd, f"{THIRD}:{port}", local=local) as states:
                await becomes(states, "open")


async def test_a_forward_that_is_being_opened_when_it_ends_is_taken_back():
    class Master:
        def __init__(self):
            self.asked, self.taken_back = asyncio.Event(), []

        async def open(self, _local, _remote):
            self.asked.set()  # it is there now, only its answer is not
            await asyncio.Event().wait()

        async def reach(self, _remote, _limit_s):
            return Reached("silent")

        async def cancel(self, local, remote):
            self.taken_back.append((local, remote))

    states: dict[str, TunnelState] = {}
    master, local = Master(), f"127.0.0.1:{free_port()}"
    forwards = (ForwardConfig(local=local, remote="localhost:6006"),)
    tunnels = Tunnels(HostConfig(name="gpu", ssh="gpu", forwards=forwards), states.__setitem__, SystemClock())
    async with asyncio.TaskGroup() as group:
        running = group.create_task(tunnels.run(master, 0.0), name="tunnels")
        await asyncio.wait_for(master.asked.wait(), WITHIN_S)
        running.cancel()
    assert master.taken_back == [(local, "localhost:6006")]


@pytest.mark.parametrize("line", ["AllowTcpForwarding no", "PermitOpen 127.0.0.1:1"])
async def test_a_host_that_forbids_it(make_sshd, tunnels_of, line):
    with page() as port:
        async with tunnels_of(make_sshd(lines=(line,)), f"{THIRD}:{port}") as states:
            state = await becomes(states, "failed", "forbids forwarding")
            assert "AllowTcpForwarding" in state.status.error.advice


async def test_an_address_that_is_not_ours_and_a_port_for_root_only(sshd, tunnels_of):
    async with tunnels_of(sshd, f"{THIRD}:1", local="192.0.2.77:6016") as states:
        await becomes(states, "failed", "no address of this computer")


async def test_forwards_of_the_persons_own_config_are_not_asked_for(make_sshd, tunnels_of):
    theirs = free_port()
    sshd = make_sshd(client=(f"LocalForward 127.0.0.1:{theirs} 127.0.0.1:1",))
    with page() as port:
        async with tunnels_of(sshd, f"{THIRD}:{port}") as states:
            await becomes(states, "open")
            with socket.socket() as probe:
                assert probe.connect_ex(("127.0.0.1", theirs)) != 0


async def test_two_at_once(sshd, tunnels_of):
    with page() as one, page() as other:
        async with tunnels_of(sshd, f"{THIRD}:{one}", f"{THIRD}:{other}") as states:
            await eventually(lambda: [s.status.word for s in states.values()] == ["open", "open"], WITHIN_S)


def test_without_a_connection_all_wait():
    states: dict[str, TunnelState] = {}
    config = HostConfig(
        name="gpu", ssh="gpu", forwards=(ForwardConfig(local="6016", remote="localhost:6006"),)
    )
    tunnels = Tunnels(config, states.__setitem__, SystemClock())
    assert states["6016"].status.word == "opening"
    tunnels.unreachable(Trouble("down"))
    assert states["6016"].status.error == Trouble("down")
