"""A gateway that many hosts share is logged in to once, and is named when it is the cause."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import asynccontextmanager

import pytest

from expsyncd.clock import SystemClock
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.connection import Connection, ConnectionProblem
from expsyncd.ssh.gateways import Gateways
from expsyncd.ssh.login import Setting, quiet
from expsyncd.ssh.master import is_own_socket
from expsyncd.ssh.vain import VainLogins
from support.wait import eventually, until

SOON_S = 20


class Way:
    """Connections of one daemon: they share gateways and what is known to be in vain."""

    def __init__(self, folder, options, group) -> None:
        self._folder = folder
        self._options = options
        self._vain = VainLogins()
        environment = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"}
        setting = Setting(folder / "cm", tuple(options), quiet(environment), 15.0, self._vain)
        (folder / "cm").mkdir(mode=0o700, exist_ok=True)
        self.gateways = Gateways(setting, SystemClock())
        self._task = group.create_task(self.gateways.run(), name="gateways")
        self._made: list[Connection] = []

    def to(self, sshd):
        connection = Connection(
            sshd.alias,
            socket_dir=self._folder / "cm",
            ssh_options=self._options,
            environment={name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"},
            vain=self._vain,
            gateways=self.gateways,
        )
        self._made.append(connection)
        return connection

    async def close(self):
        for connection in self._made:
            await connection.close()
        await self.gateways.close()
        self._task.cancel()


@pytest.fixture
def through(short_folder):
    @asynccontextmanager
    async def make(sshd):
        async with asyncio.TaskGroup() as group:
            way = Way(short_folder, sshd.options, group)
            try:
                yield way
            finally:
                await way.close()

    return make


def behind(make_sshd, gate, count):
    """`count` hosts behind `gate`, all in the config of the last one."""
    hosts = [make_sshd(alias=f"inner{number}", jump=gate) for number in range(count)]
    text = "".join(host.config_file.read_text() for host in hosts)
    hosts[-1].config_file.write_text(text)
    return hosts


async def problem_of(connection):
    with pytest.raises(ConnectionProblem) as caught:
        await connection.open()
    return caught.value.diagnosis


async def test_many_hosts_one_login_at_the_gateway(make_sshd, through):
    gate = make_sshd(alias="gate")
    hosts = behind(make_sshd, gate, 3)
    async with through(hosts[-1]) as way:
        connections = [way.to(host) for host in hosts]
        await asyncio.gather(*(connection.open() for connection in connections))
        for connection in connections:
            assert (await connection.command("echo in", timeout_s=SOON_S)).stdout == b"in\n"
        assert gate.attempts() == 1
        await connections[0].close()
        await connections[0].open()
        assert gate.attempts() == 1, "a host that comes back needs no new login at the gateway"


async def test_hosts_that_wait_for_the_same_gateway_share_the_attempt(make_sshd, through):
    gate = make_sshd(alias="gate")
    hosts = behind(make_sshd, gate, 4)
    gate.authorized_keys.write_text("")
    async with through(hosts[-1]) as way:
        found = await asyncio.gather(*(problem_of(way.to(host)) for host in hosts))
        assert {(each.kind, each.retry) for each in found} == {(Kind.PERMISSION_DENIED, False)}
        assert found[0].title.startswith("on the way to inner0, at the gateway gate: permission denied for")
        assert gate.attempts() == 1
        await asyncio.gather(*(problem_of(way.to(host)) for host in hosts))
        assert gate.attempts() == 1, "it is in vain for all of them"


async def test_a_gateway_that_is_down_is_named_and_comes_back(make_sshd, through):
    gate = make_sshd(alias="gate")
    (host,) = behind(make_sshd, gate, 1)
    gate.stop()
    async with through(host) as way:
        connection = way.to(host)
        found = await problem_of(connection)
        assert (found.kind, found.retry) == (Kind.REFUSED, True)
        assert "at the gateway gate" in found.title
        gate.start()
        await asyncio.wait_for(connection.open(), SOON_S)


async def test_a_killed_gateway_master_is_noticed_and_opened_anew(make_sshd, through):
    gate = make_sshd(alias="gate")
    (host,) = behind(make_sshd, gate, 1)
    async with through(host) as way:
        connection = way.to(host)
        await connection.open()
        login = way.gateways.login("gate", ["--", "gate"])
        os.kill(_master_pid(login.socket), signal.SIGKILL)
        problem = await asyncio.wait_for(connection.lost(), SOON_S)
        assert problem.diagnosis.retry
        await asyncio.wait_for(connection.open(), SOON_S)
        assert gate.attempts() == 2


async def test_a_login_at_the_gateway_after_our_master_ended_outlives_us(make_sshd, through, monkeypatch):
    gate = make_sshd(alias="gate")
    (host,) = behind(make_sshd, gate, 1)
    signalled, killpg = [], os.killpg

    def note(group, number):
        signalled.append(group)
        killpg(group, number)

    monkeypatch.setattr(os, "killpg", note)
    async with through(host) as way:
        connection = way.to(host)
        await connection.open()
        socket = way.gateways.login("gate", ["--", "gate"]).socket
        ours = _master_pid(socket)
        os.kill(ours, signal.SIGKILL)
        await asyncio.wait_for(connection.lost(), SOON_S)
        await eventually(lambda: ours in signalled, SOON_S)
        signalled.clear()
        socket.unlink(missing_ok=True)  # as `expsyncd login` does
        person = _logs_in(host, "gate", "-S", str(socket))
        try:
            await eventually(lambda: is_own_socket(socket), SOON_S)
            await asyncio.wait_for(connection.open(), SOON_S)
            assert not way.gateways.owns(socket)
            await connection.close()
            await way.gateways.close()
            assert person.poll() is None
            assert socket.exists(), "it holds what the person typed"
            assert ours not in signalled, "its number may be somebody else's by now"
        finally:
            person.terminate()
            person.wait()


def _master_pid(socket):
    said = subprocess.run(
        ["ssh", "-S", str(socket), "-O", "check", "x"], check=True, capture_output=True, text=True
    )
    return int(said.stderr.partition("pid=")[2].partition(")")[0])


def _logs_in(sshd, alias, *options):
    argv = ["ssh", *sshd.options, *options, "-M", "-N", "--", alias]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_the_persons_own_login_at_the_gateway_is_used_and_stays(make_sshd, through, short_folder):
    gate = make_sshd(alias="gate", client=(f"ControlPath {short_folder}/mine",))
    (host,) = behind(make_sshd, gate, 1)
    person = _logs_in(host, "gate")
    try:
        await eventually((short_folder / "mine").exists, SOON_S)
        async with through(host) as way:
            connection = way.to(host)
            await connection.open()
            assert gate.attempts() == 1
        assert person.poll() is None, "theirs outlives us"
    finally:
        person.terminate()
        person.wait()


async def test_a_gateway_that_forbids_forwarding_is_said(make_sshd, through):
    gate = make_sshd(alias="gate", lines=("AllowTcpForwarding no",))
    (host,) = behind(make_sshd, gate, 1)
    async with through(host) as way:
        found = await problem_of(way.to(host))
        assert (found.kind, found.retry) == (Kind.HOP_FORBIDS, False)


async def test_what_lies_behind_is_named_when_it_is_the_cause(make_sshd, through):
    gate = make_sshd(alias="gate")
    (host,) = behind(make_sshd, gate, 1)
    host.stop()
    async with through(host) as way:
        found = await problem_of(way.to(host))
        assert (found.kind, found.retry) == (Kind.HOP_CANNOT_REACH, True)
        assert "gate" in found.title


async def test_a_gateway_that_no_host_uses_is_let_go(make_sshd, through):
    gate = make_sshd(alias="gate")
    (host,) = behind(make_sshd, gate, 1)
    async with through(host) as way:
        connection = way.to(host)
        await connection.open()
        login = way.gateways.login("gate", ["--", "gate"])
        await connection.close()
        await way.gateways.keep_only(set())
        until(lambda: not login.socket.exists(), SOON_S)
