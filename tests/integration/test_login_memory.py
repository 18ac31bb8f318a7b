"""A login that failed for good is not repeated before there is something new to try with."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess

import pytest

from expsyncd.process import Child, run
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.connection import Connection, ConnectionProblem
from expsyncd.ssh.diagnosis import Diagnosis
from expsyncd.ssh.login import Login, Setting, quiet
from expsyncd.ssh.vain import Vain, VainLogins
from support.sshd import make_key
from support.wait import eventually, until

WITHIN_S = 20


@pytest.fixture
def connection_of(short_folder):
    made = []

    def make(sshd, vain=None, **environment):
        whole = {name: value for name, value in os.environ.items() if name != "SSH_AUTH_SOCK"} | environment
        connection = Connection(
            sshd.alias,
            socket_dir=short_folder / "cm",
            ssh_options=sshd.options,
            environment=whole,
            vain=vain or VainLogins(),
        )
        made.append(connection)
        return connection

    return make


async def refused(connection) -> ConnectionProblem:
    with pytest.raises(ConnectionProblem) as caught:
        await connection.open()
    return caught.value


async def test_a_wrong_key_is_tried_once(make_sshd, connection_of):
    sshd = make_sshd()
    sshd.authorized_keys.write_text("")
    connection = connection_of(sshd)
    first = await refused(connection)
    assert first.diagnosis.kind is Kind.PERMISSION_DENIED
    attempts = sshd.attempts()
    for _ in range(5):
        assert (await refused(connection)).diagnosis == first.diagnosis
    assert sshd.attempts() == attempts == 1
    # A new key beside the config is something new, and found without a wish.
    (sshd.folder / "id").unlink()
    async with asyncio.TaskGroup() as group:
        told = group.create_task(connection.something_new(), name="something new")
        await asyncio.sleep(0)
        key = make_key(sshd.folder / "id")
        sshd.authorized_keys.write_bytes(key.with_suffix(".pub").read_bytes())
        await asyncio.wait_for(told, WITHIN_S)
    await connection.open()
    await connection.close()
    assert sshd.attempts() == 2


async def test_a_wish_of_the_person_is_worth_an_attempt(make_sshd, connection_of):
    sshd = make_sshd()
    sshd.authorized_keys.write_text("")
    connection = connection_of(sshd)
    await refused(connection)
    sshd.authorized_keys.write_bytes((sshd.folder / "id.pub").read_bytes())
    await refused(connection)
    assert sshd.attempts() == 1
    await connection.forgive()
    await connection.open()
    await connection.close()


@pytest.fixture
def agent(short_folder):
    """The socket of a fresh ssh-agent."""
    socket = short_folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    until(socket.exists, WITHIN_S)
    yield socket
    agent.terminate()
    agent.wait()


def lock(key):
    subprocess.run(["ssh-keygen", "-q", "-p", "-P", "", "-N", "sesame", "-f", str(key)], check=True)


def unlock(key, agent):
    askpass = agent.with_name("askpass")
    askpass.write_text("#!/bin/sh\necho sesame\n")
    askpass.chmod(0o700)
    said = {"SSH_AUTH_SOCK": str(agent), "SSH_ASKPASS": str(askpass), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", str(key)], check=True, stdin=subprocess.DEVNULL, env=os.environ | said)


async def test_a_key_put_into_the_agent_is_something_new(make_sshd, connection_of, agent):
    sshd = make_sshd(client=("IdentityAgent SSH_AUTH_SOCK",))
    lock(sshd.folder / "id")
    connection = connection_of(sshd, SSH_AUTH_SOCK=str(agent))
    await refused(connection)
    async with asyncio.TaskGroup() as group:
        told = group.create_task(connection.something_new(), name="something new")
        unlock(sshd.folder / "id", agent)
        await asyncio.wait_for(told, WITHIN_S)
    await connection.open()
    await connection.close()


async def test_a_changed_host_key_is_met_once_and_mended_by_known_hosts(make_sshd, connection_of):
    sshd = make_sshd()
    sshd.stop()
    make_key(sshd.folder / "host_key")
    known = sshd.known_hosts.read_text()
    sshd.start()
    mended = sshd.known_hosts.read_text()
    sshd.known_hosts.write_text(known)
    connection = connection_of(sshd)
    first = await refused(connection)
    assert first.diagnosis.kind is Kind.HOST_KEY_CHANGED
    attempts = sshd.attempts()
    await refused(connection)
    assert sshd.attempts() == attempts
    async with asyncio.TaskGroup() as group:
        told = group.create_task(connection.something_new(), name="something new")
        await asyncio.sleep(0)
        sshd.known_hosts.write_text(mended)
        await asyncio.wait_for(told, WITHIN_S)
    await connection.open()
    await connection.close()


def logs_in(sshd):
    argv = ["ssh", *sshd.options, "-M", "-N", "--", sshd.alias]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def test_a_login_of_the_person_is_something_new(make_sshd, connection_of):
    sshd = make_sshd(client=("ControlPath {}/mine",))
    sshd.config_file.write_text(sshd.config_file.read_text().replace("{}", str(sshd.folder)))
    sshd.authorized_keys.write_text("")
    connection = connection_of(sshd)
    await refused(connection)
    attempts = sshd.attempts()
    sshd.authorized_keys.write_bytes((sshd.folder / "id.pub").read_bytes())
    async with asyncio.TaskGroup() as group:
        told = group.create_task(connection.something_new(), name="something new")
        await asyncio.sleep(0)
        person = logs_in(sshd)
        try:
            await asyncio.wait_for(told, WITHIN_S)
            link = await connection.open()
            assert link.adopted
            assert sshd.attempts() == attempts + 1, "theirs alone"
        finally:
            await connection.close()
            person.terminate()
            person.wait()


async def test_a_login_that_cannot_be_noted_leaves_no_master(make_sshd, connection_of, short_folder):
    async def full(_name, _vain):
        raise sqlite3.OperationalError("database or disk is full")

    sshd = make_sshd()
    earlier = Diagnosis(Kind.SECOND_FACTOR, "a code is asked for", "", retry=False, needs_login=True)
    connection = connection_of(sshd, VainLogins({sshd.alias: Vain("other means", earlier)}, full))
    with pytest.raises(sqlite3.OperationalError):
        await connection.open()
    assert list((short_folder / "cm").iterdir()) == []


async def test_an_agent_that_does_not_answer_is_nothing_new(make_sshd, connection_of, short_folder):
    sshd = make_sshd(client=("IdentityAgent SSH_AUTH_SOCK",))
    sshd.authorized_keys.write_text("")
    socket = short_folder / "agent"
    async with await Child.start(["ssh-agent", "-D", "-a", str(socket)]) as agent:
        await eventually(socket.exists, WITHIN_S)
        environment = os.environ | {"SSH_AUTH_SOCK": str(socket)}
        adding = ["ssh-add", "-q", str(make_key(sshd.folder / "other"))]
        assert (await run(adding, timeout_s=WITHIN_S, environment=environment)).code == 0
        connection = connection_of(sshd, SSH_AUTH_SOCK=str(socket))
        first = await refused(connection)
        agent.signal_leader(signal.SIGSTOP)
        assert (await refused(connection)).diagnosis == first.diagnosis
        agent.signal_leader(signal.SIGCONT)
        assert (await refused(connection)).diagnosis == first.diagnosis
        assert sshd.attempts() == 1


async def test_waiting_for_something_new_outlives_a_broken_config(make_sshd, short_folder):
    sshd = make_sshd()
    sshd.config_file.write_text(sshd.config_file.read_text() + "\nNonsense yes\n")
    login = Login(
        sshd.alias, ["--", sshd.alias], Setting(short_folder, tuple(sshd.options), quiet(os.environ))
    )
    assert not await login.any_master()
