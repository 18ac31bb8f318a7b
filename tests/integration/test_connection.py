"""The connection against a real sshd: what it can do, how it ends, and what it says when it cannot."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import stat
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest

from expsyncd.process import Child, run
from expsyncd.ssh import command, hello
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.connection import Connection, ConnectionProblem
from expsyncd.ssh.hello import greets
from expsyncd.ssh.ride import Ride
from support.processes import alive, command_line, descendants
from support.sshd import make_key
from support.wait import eventually

pytestmark = pytest.mark.usefixtures("no_agent")
SOON_S = 15


@pytest.fixture
def connect(short_folder):
    """`async with connect(sshd) as connection`: opened, closed at the end."""

    @asynccontextmanager
    async def to(sshd, *, opened: bool = True, **options):
        connection = Connection(
            sshd.alias,
            **{
                "socket_dir": short_folder / "cm",
                "ssh_options": sshd.options,
                "connect_timeout_s": 5,
                **options,
            },
        )
        try:
            if opened:
                await connection.open()
            yield connection
        finally:
            await connection.close()

    return to


@pytest.fixture
def problem(connect):
    """Why `sshd` cannot be reached."""

    async def of(sshd, **options):
        async with connect(sshd, opened=False, **options) as connection:
            with pytest.raises(ConnectionProblem) as caught:
                await connection.open()
            # Nothing of ours may be left running, whatever went wrong.
            assert our_ssh() == []
            assert caught.value.title
            return caught.value.diagnosis

    return of


def our_ssh() -> list[str]:
    """Every ssh below us; sshd and what it runs do not count."""
    lines = [command_line(pid) for pid in descendants(os.getpid())]
    return [line for line in lines if line.startswith("ssh ")]


def master_of(connection: Connection) -> int:
    assert connection._master is not None
    return connection._master.pid  # type: ignore[attr-defined,no-any-return]


# --- what it can do -------------------------------------------------------------------------------------


async def test_tells_what_the_host_has(sshd, connect):
    async with connect(sshd, opened=False) as connection:
        link = await connection.open()
    assert 0 < link.round_trip_s < 1
    assert link.rsync_version is not None
    assert link.rsync_version[0].isdigit()
    assert link.system == os.uname().sysname
    assert abs(link.clock_offset_s) < 1
    assert link.digest == "sha256sum"
    assert not link.adopted
    assert sshd.attempts() == 1


async def test_round_trip_does_not_count_a_slow_login_shell(make_sshd, connect):
    sshd = make_sshd(force_command='sleep 0.3; eval "$SSH_ORIGINAL_COMMAND"')
    async with connect(sshd, opened=False) as connection:
        # The first echo waits for the shell; the shortest one counts.
        assert (await connection.open()).round_trip_s < 0.15


async def test_a_host_that_floods_the_echo_is_not_listened_to_for_long(tmp_path):
    (tmp_path / "ssh").write_text("#!/bin/sh\nexec yes\n")
    (tmp_path / "ssh").chmod(0o700)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ride = Ride([], tmp_path / "socket", "gpu", environment)
    async with asyncio.timeout(SOON_S):
        measured = await ride.measure(10 * SOON_S)
    assert measured.round_trip_s == 10 * SOON_S, "it echoed nothing"


async def test_bytes_and_exit_codes_come_through(sshd, connect):
    data = bytes(range(256)) * 5000
    async with connect(sshd) as connection:
        echoed = await connection.command("exec cat", data=data, timeout_s=SOON_S)
        assert (echoed.code, echoed.stdout) == (0, data)
        failed = await connection.command("echo out; echo err >&2; exit 7", timeout_s=SOON_S)
        assert (failed.code, failed.stdout, failed.stderr) == (7, b"out\n", b"err\n")
        assert (await connection.command("cat", timeout_s=SOON_S)).stdout == b""
        # 255 is also how ssh says that it failed itself.
        assert (await connection.command("exit 255", timeout_s=SOON_S)).code == 255
    assert sshd.attempts() == 1


async def test_a_command_has_its_own_timeout_and_limit(sshd, connect):
    async with connect(sshd) as connection:
        assert (await connection.command("exec sleep 60", timeout_s=0.5)).timed_out
        flood = await connection.command("exec head -c 1000000 /dev/zero", timeout_s=SOON_S, limit=1000)
        assert (len(flood.stdout), flood.cut, flood.code) == (1000, True, 0)


@pytest.mark.parametrize("name", ["plain", "with space", "it's"])
async def test_rsync_rides_on_the_master(make_sshd, connect, short_folder, tmp_path, name):
    sshd = make_sshd()
    odd = sshd.folder / name
    odd.mkdir()
    sshd.config_file = sshd.config_file.rename(odd / "config")
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "f").write_bytes(b"\0\xff\n")
    async with connect(sshd, socket_dir=short_folder / name) as connection:
        here = tmp_path / "here"
        argv = ["rsync", "-r", "-e", connection.rsh(), "--", f"{sshd.alias}:{tmp_path}/from/", f"{here}/"]
        done = await run(argv, timeout_s=SOON_S)
        assert done.code == 0, done.complaint
        assert (here / "f").read_bytes() == b"\0\xff\n"
    assert sshd.attempts() == 1
    gone = await run(argv, timeout_s=SOON_S)
    assert gone.code != 0
    assert sshd.attempts() == 1, "rsync logged in by itself"


async def test_the_socket_is_ours_alone_and_gone_after_close(sshd, connect, short_folder):
    async with connect(sshd) as connection:
        assert stat.S_IMODE((short_folder / "cm").stat().st_mode) == 0o700
        path = command.socket_path(short_folder / "cm", sshd.alias)
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        master = master_of(connection)
    assert not path.exists()
    assert not alive(master)
    with pytest.raises(ConnectionProblem):
        await connection.command("true", timeout_s=1)


async def test_what_a_config_says_for_terminals_does_not_happen(make_sshd, connect):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    sshd = make_sshd(
        client=(
            f"LocalForward 127.0.0.1:{port} 127.0.0.1:9",
            "RemoteCommand echo not this",
            "RequestTTY force",
            "PermitLocalCommand yes",
            "LocalCommand echo LOCAL >&2",
            "LogLevel DEBUG1",
            "ControlMaster auto",
            "ControlPath none",
        )
    )
    async with connect(sshd) as connection:
        said = await connection.command("echo this", timeout_s=SOON_S)
        assert (said.stdout, said.stderr) == (b"this\n", b"")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port)).close()


async def test_commands_take_turns_where_one_is_allowed(make_sshd, connect):
    sshd = make_sshd(lines=("MaxSessions 1",))
    async with connect(sshd) as connection, asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(connection.command(f"sleep 0.3; echo {number}", timeout_s=SOON_S), name="turn")
            for number in range(3)
        ]
    assert sorted(task.result().stdout for task in tasks) == [b"0\n", b"1\n", b"2\n"]
    assert sshd.attempts() == 1, "ssh logged in anew"


async def test_no_place_in_time_is_said_so(make_sshd, connect):
    sshd = make_sshd(lines=("MaxSessions 1",))
    async with connect(sshd) as connection, asyncio.TaskGroup() as group:
        group.create_task(connection.command("sleep 2", timeout_s=SOON_S), name="long")
        await eventually(lambda: "sleep 2" in commands_below(sshd), within=SOON_S)
        with pytest.raises(ConnectionProblem) as caught:
            await connection.command("true", timeout_s=0.5)
        assert caught.value.diagnosis.kind is Kind.NO_PLACE


def commands_below(sshd) -> str:
    return "\n".join(command_line(pid) for pid in sshd.sessions())


# --- how it ends ----------------------------------------------------------------------------------------


async def test_a_stale_socket_is_no_obstacle(sshd, connect, short_folder):
    path = command.socket_path(short_folder / "cm", sshd.alias)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with connect(sshd) as connection:
        assert not connection.adopted
        assert (await connection.command("echo ok", timeout_s=SOON_S)).stdout == b"ok\n"


async def test_a_socket_whose_owner_hangs_is_no_obstacle(sshd, connect, short_folder):
    path = command.socket_path(short_folder / "cm", sshd.alias)
    path.parent.mkdir()
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(path))
        mute.listen()
        async with connect(sshd) as connection:
            assert not connection.adopted
            assert (await connection.command("echo ok", timeout_s=SOON_S)).stdout == b"ok\n"


async def test_a_killed_master_is_noticed_at_once(sshd, connect):
    async with connect(sshd) as connection, asyncio.TaskGroup() as group:
        lost = group.create_task(connection.lost(), name="lost")
        os.kill(master_of(connection), signal.SIGKILL)
        async with asyncio.timeout(3):
            problem = await lost
        assert problem.diagnosis.kind is Kind.KILLED
        assert problem.diagnosis.retry
        await connection.open()
        assert (await connection.command("echo again", timeout_s=SOON_S)).stdout == b"again\n"
    assert sshd.attempts() == 2


async def test_a_command_under_way_says_that_the_connection_is_gone(sshd, connect):
    async with connect(sshd) as connection, asyncio.TaskGroup() as group:

        async def cut() -> None:
            with pytest.raises(ConnectionProblem):
                await connection.command("echo begun; sleep 30", timeout_s=SOON_S)

        group.create_task(cut(), name="cut")
        await eventually(lambda: "sleep 30" in commands_below(sshd), within=SOON_S)
        os.kill(master_of(connection), signal.SIGKILL)


async def test_a_host_that_loses_its_power_is_noticed_at_once(sshd, connect):
    async with connect(sshd) as connection, asyncio.TaskGroup() as group:
        lost = group.create_task(connection.lost(), name="lost")
        sshd.stop()
        async with asyncio.timeout(3):
            problem = await lost
        assert problem.diagnosis.kind is Kind.CLOSED
        assert problem.diagnosis.retry


async def test_a_frozen_host_is_noticed_by_our_own_round_trips(sshd, connect):
    async with connect(sshd, round_trip_every_s=0.2, round_trip_timeout_s=0.5) as connection:
        frozen = sshd.sessions()
        try:
            for pid in frozen:
                os.kill(pid, signal.SIGSTOP)
            async with asyncio.timeout(8):  # ServerAlive alone needs 15 s
                problem = await connection.lost()
        finally:
            for pid in frozen:
                os.kill(pid, signal.SIGCONT)
        assert problem.diagnosis.kind is Kind.UNANSWERED
        assert problem.diagnosis.retry


async def test_a_frozen_master_is_noticed_and_ended(sshd, connect):
    async with connect(sshd, round_trip_every_s=0.2, round_trip_timeout_s=0.5) as connection:
        master = master_of(connection)
        os.kill(master, signal.SIGSTOP)
        async with asyncio.timeout(12):
            problem = await connection.lost()
        assert problem.diagnosis.kind is Kind.UNANSWERED
        assert not alive(master)


async def test_a_master_greets_until_it_stands_still_or_its_socket_is_gone(sshd, connect, short_folder):
    assert not await greets(short_folder / "nothing")
    async with connect(sshd) as connection:
        path = connection._login.socket
        assert await greets(path)
        master = master_of(connection)
        os.kill(master, signal.SIGSTOP)
        assert not await greets(path, timeout_s=0.2)
        os.kill(master, signal.SIGCONT)
        assert await greets(path)
        path.unlink()
        assert not await greets(path)


@pytest.mark.parametrize("there", [True, False])
async def test_a_master_that_is_deaf_is_a_loss_that_ends_it(sshd, connect, monkeypatch, there):
    monkeypatch.setattr(hello, "LOOK_EVERY_S", 0.05)
    monkeypatch.setattr(hello, "STILL_S", 0.2)
    monkeypatch.setattr(hello, "SOCKET_EVERY_S", 0.05)
    monkeypatch.setattr(hello, "ANSWER_TIMEOUT_S", 0.3)
    async with connect(sshd, round_trip_every_s=3600) as connection:
        master = master_of(connection)
        if there:
            os.kill(master, signal.SIGSTOP)
        else:
            shutil.rmtree(connection._login.socket.parent)
        async with asyncio.timeout(12):
            found = (await connection.lost()).diagnosis
        assert (found.kind, found.retry) == (Kind.MASTER_SILENT, True)
        assert ("gone" in found.title) == (not there)
        with pytest.raises(ConnectionProblem) as told:
            await connection.command("true", timeout_s=SOON_S)
        assert told.value.diagnosis == found, "whoever asks meanwhile hears why"
        assert not alive(master)
        await connection.open()
        assert sshd.attempts() == 2


async def test_an_attempt_that_hangs_is_given_up_when_another_can_do_better(connect):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]

        class Mute:
            alias = "mute"
            options = ("-F", "/dev/null", "-o", "HostName=127.0.0.1", "-p", str(port))

        mute_for_long = connect(Mute, opened=False, connect_timeout_s=60)
        async with mute_for_long as connection, asyncio.TaskGroup() as group:
            opening = group.create_task(failure(connection), name="open")
            await eventually(our_ssh, within=SOON_S)
            connection.give_up()
            async with asyncio.timeout(20):  # the login itself would take a minute
                assert (await opening).retry
        assert our_ssh() == []


async def failure(connection):
    with pytest.raises(ConnectionProblem) as caught:
        await connection.open()
    return caught.value.diagnosis


async def test_where_nothing_listens_one_attempt_tries_each_second(sshd, connect):
    sshd.stop()
    async with connect(sshd, opened=False) as connection, asyncio.TaskGroup() as group:
        await failure(connection)
        opening = group.create_task(connection.open(), name="open")
        await eventually(our_ssh, within=SOON_S)
        sshd.start()
        async with asyncio.timeout(6):
            await opening
        await connection.close()


async def test_a_busy_connection_is_not_lost(make_sshd, connect):
    sshd = make_sshd(lines=("MaxSessions 1",))
    options = {"round_trip_every_s": 0.1, "round_trip_timeout_s": 0.3}
    async with connect(sshd, **options) as connection, asyncio.TaskGroup() as group:
        lost = group.create_task(connection.lost(), name="lost")
        assert (await connection.command("sleep 2; echo done", timeout_s=SOON_S)).stdout == b"done\n"
        assert not lost.done()
        lost.cancel()


async def test_a_doubt_is_looked_into_at_once(sshd, connect):
    async with connect(sshd, round_trip_every_s=3600, round_trip_timeout_s=0.5) as connection:
        os.kill(master_of(connection), signal.SIGSTOP)
        connection.doubt()
        async with asyncio.timeout(10):
            assert (await connection.lost()).diagnosis.kind is Kind.UNANSWERED


async def test_a_healthy_connection_is_not_lost(sshd, connect):
    async with connect(sshd, round_trip_every_s=0.05) as connection, asyncio.TaskGroup() as group:
        lost = group.create_task(connection.lost(), name="lost")
        began = sshd.log().count("Starting session")
        await eventually(lambda: sshd.log().count("Starting session") >= began + 5, within=SOON_S)
        assert not lost.done()
        lost.cancel()


async def test_cancelling_an_open_leaves_nothing(connect, short_folder):
    with socket.create_server(("127.0.0.1", 0)) as mute:

        class Mute:
            alias = "mute"
            options = ("-F", "/dev/null", "-o", "HostName=127.0.0.1", "-p", str(mute.getsockname()[1]))

        async with connect(Mute, opened=False) as connection, asyncio.TaskGroup() as group:
            opening = group.create_task(connection.open(), name="open")
            await eventually(our_ssh, within=SOON_S)
            opening.cancel()
    assert our_ssh() == []


# --- what it says when it cannot ------------------------------------------------------------------------


async def test_unknown_key(sshd, problem):
    sshd.known_hosts.write_text("")
    found = await problem(sshd)
    assert (found.kind, found.retry) == (Kind.HOST_KEY_UNKNOWN, False)
    assert f"expsyncd login {sshd.alias}" in found.advice
    assert sshd.known_hosts.read_text() == "", "a key was accepted"


async def test_changed_key(sshd, problem):
    sshd.change_host_key()
    known = sshd.known_hosts.read_bytes()
    found = await problem(sshd)
    assert (found.kind, found.retry) == (Kind.HOST_KEY_CHANGED, False)
    assert "SHA256:" in found.title
    assert f"ssh-keygen -R [127.0.0.1]:{sshd.port}" in found.advice
    assert sshd.known_hosts.read_bytes() == known


async def test_permission_denied_is_one_attempt(sshd, problem):
    sshd.authorized_keys.write_text("")
    found = await problem(sshd)
    assert (found.kind, found.retry, found.needs_login) == (Kind.PERMISSION_DENIED, False, False)
    assert "(publickey)" in found.title
    assert sshd.attempts() == 1


async def test_second_factor_needs_a_login(make_sshd, problem):
    sshd = make_sshd(lines=("AuthenticationMethods publickey,password", "PasswordAuthentication yes"))
    found = await problem(sshd)
    assert (found.kind, found.retry, found.needs_login) == (Kind.SECOND_FACTOR, False, True)
    assert f"expsyncd login {sshd.alias}" in found.advice
    assert sshd.attempts() == 1
    assert "Failed password" not in sshd.log()


async def test_password_only_needs_a_login(make_sshd, problem):
    sshd = make_sshd(lines=("PubkeyAuthentication no", "PasswordAuthentication yes"))
    found = await problem(sshd)
    assert (found.kind, found.needs_login) == (Kind.PASSWORD, True)
    assert "Failed password" not in sshd.log()


async def test_too_many_keys(make_sshd, problem, tmp_path):
    keys = tuple(f"IdentityFile {make_key(tmp_path / f'key{number}')}" for number in range(4))
    found = await problem(make_sshd(lines=("MaxAuthTries 2",), client=keys))
    assert (found.kind, found.retry) == (Kind.TOO_MANY_KEYS, False)


async def test_key_file_that_others_can_read(sshd, problem):
    (sshd.folder / "id").chmod(0o644)
    found = await problem(sshd)
    assert found.kind is Kind.KEY_FILE
    assert f"chmod 600 {sshd.folder}/id" in found.advice


async def test_refused(sshd, problem):
    sshd.stop()
    found = await problem(sshd)
    assert (found.kind, found.retry) == (Kind.REFUSED, True)


async def test_name_unknown(make_sshd, problem):
    found = await problem(make_sshd(client=("HostName no-such-host.invalid",)))
    assert (found.kind, found.retry) == (Kind.NAME_UNKNOWN, True)
    assert "no-such-host.invalid" in found.title


async def test_timeout(make_sshd, problem):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        sshd = make_sshd(client=(f"Port {mute.getsockname()[1]}",))
        async with asyncio.timeout(5):
            found = await problem(sshd, connect_timeout_s=1)
    assert (found.kind, found.retry) == (Kind.TIMED_OUT, True)


async def test_a_hung_agent_is_under_our_deadline(sshd, problem, short_folder):
    config = sshd.config_file.read_text().replace("IdentityAgent none", "IdentityAgent SSH_AUTH_SOCK")
    sshd.config_file.write_text(config)
    with socket.socket(socket.AF_UNIX) as mute:
        mute.bind(str(short_folder / "agent"))
        mute.listen()
        environment = {**os.environ, "SSH_AUTH_SOCK": str(short_folder / "agent")}
        async with asyncio.timeout(8):
            found = await problem(sshd, connect_timeout_s=1, environment=environment)
    assert (found.kind, found.retry) == (Kind.AGENT_SILENT, True)
    assert "ssh-agent" in found.title


async def test_noisy_login_shell_shows_the_stray_bytes(make_sshd, problem):
    found = await problem(
        make_sshd(force_command="printf 'Welcome \\033[1m\\n'; eval \"$SSH_ORIGINAL_COMMAND\"")
    )
    assert (found.kind, found.retry) == (Kind.NOISY_SHELL, False)
    assert "“Welcome \\x1b[1m”" in found.title


async def test_sftp_only(make_sshd, problem):
    found = await problem(make_sshd(force_command="internal-sftp"), transport="rsync")
    assert (found.kind, found.retry) == (Kind.SFTP_ONLY, False)


async def test_no_rsync_on_the_host(make_sshd, problem, tmp_path):
    for name in ("sh", "uname", "date"):
        found_here = shutil.which(name)
        assert found_here
        (tmp_path / name).symlink_to(found_here)
    found = await problem(make_sshd(force_command=f'PATH={tmp_path}; eval "$SSH_ORIGINAL_COMMAND"'))
    assert (found.kind, found.retry) == (Kind.NO_RSYNC, False)


async def test_no_shell_on_the_host(make_sshd, problem):
    assert (await problem(make_sshd(force_command="echo Only tunnels; exit 3"))).kind is Kind.NO_SHELL
    assert (await problem(make_sshd(force_command="exec cat"))).kind is Kind.NO_SHELL


async def test_a_host_that_hangs_after_the_login(make_sshd, problem):
    found = await problem(make_sshd(force_command="exec sleep 60"), answer_timeout_s=1)
    assert (found.kind, found.retry) == (Kind.UNANSWERED, True)


async def test_a_host_that_floods(make_sshd, problem):
    found = await problem(make_sshd(force_command="exec head -c 100000000 /dev/zero"))
    assert found.kind is Kind.NO_SHELL
    assert len(found.title) < 300


async def test_broken_ssh_config(sshd, problem):
    sshd.config_file.write_text("Host *\n  Fooo bar\n" + sshd.config_file.read_text())
    found = await problem(sshd)
    assert (found.kind, found.retry) == (Kind.BAD_SSH_CONFIG, False)
    assert f"{sshd.config_file} line 2" in found.title


async def test_no_ssh_here(sshd, problem, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    found = await problem(sshd)
    assert "ssh is not installed" in found.title
    assert not found.retry


# --- jump hosts -----------------------------------------------------------------------------------------


async def test_over_a_jump_host(make_sshd, connect):
    gate = make_sshd(alias="gate")
    inner = make_sshd(alias="inner", jump=gate)
    async with connect(inner) as connection:
        assert (await connection.command("echo inside", timeout_s=SOON_S)).stdout == b"inside\n"
        assert (gate.attempts(), inner.attempts()) == (1, 1)


async def test_over_two_jump_hosts_in_a_list(make_sshd, connect):
    gate = make_sshd(alias="gate")
    middle = make_sshd(alias="middle")
    inner = make_sshd(alias="inner", client=("ProxyJump gate,middle",))
    inner.config_file.write_text("".join(s.config_file.read_text() for s in (inner, middle, gate)))
    async with connect(inner) as connection:
        assert (await connection.command("echo inside", timeout_s=SOON_S)).stdout == b"inside\n"
    assert [s.attempts() for s in (gate, middle, inner)] == [1, 1, 1]


async def test_over_a_jump_host_that_has_one_itself(make_sshd, connect):
    gate = make_sshd(alias="gate")
    middle = make_sshd(alias="middle", jump=gate)
    inner = make_sshd(alias="inner", jump=middle)
    async with connect(inner) as connection:
        assert (await connection.command("echo inside", timeout_s=SOON_S)).stdout == b"inside\n"
    assert [s.attempts() for s in (gate, middle, inner)] == [1, 1, 1]


async def test_our_master_of_the_jump_host_is_used(make_sshd, connect):
    gate = make_sshd(alias="gate")
    inner = make_sshd(alias="inner", jump=gate)
    async with connect(gate), connect(inner) as connection:
        assert (await connection.command("echo inside", timeout_s=SOON_S)).stdout == b"inside\n"
        assert gate.attempts() == 1, "a second login at the gateway"


async def test_jump_hosts_in_a_circle(make_sshd, problem):
    sshd = make_sshd(alias="round", client=("ProxyJump about",))
    sshd.config_file.write_text(sshd.config_file.read_text() + "Host about\n  ProxyJump round\n")
    found = await problem(sshd)
    assert "circle" in found.title


async def test_the_jump_host_is_named_as_the_cause(make_sshd, problem):
    gate = make_sshd(alias="gate")
    inner = make_sshd(alias="inner", jump=gate)
    gate.stop()
    found = await problem(inner)
    assert (found.kind, found.retry) == (Kind.REFUSED, True)
    assert found.title.startswith("on the way to inner")
    assert f"port {gate.port}" in found.title


async def test_behind_the_jump_host_is_named_as_the_cause(make_sshd, problem):
    inner = make_sshd(alias="inner", jump=make_sshd(alias="gate"))
    inner.stop()
    found = await problem(inner)
    assert (found.kind, found.retry) == (Kind.HOP_CANNOT_REACH, True)


async def test_a_jump_host_that_forbids(make_sshd, problem):
    gate = make_sshd(alias="gate", lines=("AllowTcpForwarding no",))
    found = await problem(make_sshd(alias="inner", jump=gate))
    assert (found.kind, found.retry) == (Kind.HOP_FORBIDS, False)


async def test_a_jump_host_gets_no_new_key_and_no_password_from_us(make_sshd, problem):
    accepting = ("StrictHostKeyChecking accept-new",)
    gate = make_sshd(alias="gate", client=accepting, lines=("PasswordAuthentication yes",))
    inner = make_sshd(alias="inner", jump=gate)
    gate.known_hosts.write_text("")
    assert (await problem(inner)).kind is Kind.HOST_KEY_UNKNOWN
    assert gate.known_hosts.read_text() == ""
    gate.trust_host_key()
    gate.authorized_keys.write_text("")
    found = await problem(inner)
    assert (found.kind, found.needs_login) == (Kind.PASSWORD, True)
    assert found.title.startswith("on the way to inner")
    assert "Failed password" not in gate.log()


# --- a master of the person ------------------------------------------------------------------------------


@asynccontextmanager
async def person_logs_in(sshd, path):
    argv = ["ssh", *sshd.options, "-M", "-N", "-S", str(path), "--", sshd.alias]
    async with await Child.start(argv, stderr=asyncio.subprocess.DEVNULL) as child:
        await eventually(path.exists, within=SOON_S)
        yield child


async def test_the_persons_own_master_is_used_and_survives(make_sshd, connect, short_folder):
    path = short_folder / "mine"
    sshd = make_sshd(client=(f"ControlPath {path}",))
    async with person_logs_in(sshd, path) as child:
        async with connect(sshd, opened=False) as connection:
            assert (await connection.open()).adopted
            assert connection.adopted
            assert (await connection.command("echo ok", timeout_s=SOON_S)).stdout == b"ok\n"
        assert child.code is None
        assert path.exists()
        assert sshd.attempts() == 1


async def test_the_end_of_the_persons_master_is_noticed_and_replaced_by_ours(
    make_sshd, connect, short_folder
):
    path = short_folder / "mine"
    sshd = make_sshd(client=(f"ControlPath {path}",))
    async with connect(sshd, opened=False) as connection:
        async with person_logs_in(sshd, path) as child, asyncio.TaskGroup() as group:
            await connection.open()
            lost = group.create_task(connection.lost(), name="lost")
            child.signal_leader(signal.SIGTERM)
            async with asyncio.timeout(3):
                assert (await lost).diagnosis.retry
        assert not (await connection.open()).adopted
        assert sshd.attempts() == 2


async def test_a_master_left_by_login_is_used_and_survives(sshd, connect, short_folder):
    path = command.socket_path(short_folder / "cm", sshd.alias)
    path.parent.mkdir(mode=0o700)
    async with person_logs_in(sshd, path) as child:
        async with connect(sshd) as connection:
            assert connection.adopted
        assert child.code is None
        assert path.exists()


async def test_a_login_of_the_person_during_an_attempt_keeps_its_socket(sshd, connect, short_folder):
    path = command.socket_path(short_folder / "cm", "mute")
    with socket.create_server(("127.0.0.1", 0)) as mute:

        class Mute:
            alias = "mute"
            options = ("-F", "/dev/null", "-o", "HostName=127.0.0.1", "-p", str(mute.getsockname()[1]))

        async with connect(Mute, opened=False) as connection, asyncio.TaskGroup() as group:
            opening = group.create_task(connection.open(), name="open")
            await eventually(our_ssh, within=SOON_S)
            async with person_logs_in(sshd, path) as child:
                opening.cancel()
                await asyncio.wait([opening])
                await connection.close()
                assert child.code is None
                assert path.exists(), "it holds what the person typed"


async def test_a_login_of_the_person_while_an_attempt_waits_for_its_turn_is_used(sshd, connect, short_folder):
    path = command.socket_path(short_folder / "cm", sshd.alias)
    async with AsyncExitStack() as stack, connect(sshd, opened=False) as connection:

        async def turn():
            person = await stack.enter_async_context(person_logs_in(sshd, path))
            assert person.code is None

        with suppress(ConnectionProblem):
            await connection.open(turn)
        assert path.exists(), "it holds what the person typed"
        assert (await connection.open()).adopted
        assert sshd.attempts() == 1


async def test_a_dead_socket_of_the_person_is_no_obstacle(make_sshd, connect, short_folder):
    path = short_folder / "mine"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with connect(make_sshd(client=(f"ControlPath {path}",))) as connection:
        assert not connection.adopted
    assert path.exists(), "not ours to remove"
