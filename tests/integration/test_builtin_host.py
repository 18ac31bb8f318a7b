"""The built-in host's own promises: it stays in its folder, and its stop leaves nothing."""

from __future__ import annotations

import asyncio
import threading

import pytest

from expsyncd.demo.host import BuiltinHost
from expsyncd.process import Child, run
from support.processes import alive
from support.wait import eventually

WITHIN_S = 20.0


@pytest.fixture
async def host(short_folder):
    (short_folder / "home").mkdir()
    host = BuiltinHost(short_folder / "home", short_folder / "state")
    host.start()
    yield host
    await asyncio.to_thread(host.stop)


def _ssh(host, command, *more):
    return ["ssh", *host.options, *more, "--", host.alias, command]


async def _pid(child) -> int:
    async for line in child.lines():
        return int(line)
    raise AssertionError("no pid")


async def test_stop_ends_commands_daemons_connections_and_threads(host):
    before = {thread.name for thread in threading.enumerate()} - {"listener"}
    stubborn = "trap '' TERM HUP; echo $$; while :; do sleep 0.2; done"
    daemon = "setsid sh -c 'exec >/dev/null 2>&1 </dev/null; echo $$ >daemon; sleep 1000' & sleep 1000"
    async with await Child.start(_ssh(host, stubborn)) as one, await Child.start(_ssh(host, daemon)) as other:
        pid = await _pid(one)
        written = host.home / "daemon"
        await eventually(lambda: written.exists() and written.read_text().strip(), WITHIN_S)
        await asyncio.to_thread(host.stop)
        assert not alive(pid)
        # KILL was sent; the kernel carries it out when it gets round to it.
        await eventually(lambda: not alive(int(written.read_text())), WITHIN_S)
        assert await one.wait() == 255
        assert await other.wait() == 255

    def left():
        names = {thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}
        return names - before

    # asyncio's thread that waited for a child tells of its end a moment before its own.
    await eventually(lambda: not left(), WITHIN_S)


async def test_it_comes_back_on_the_same_port_with_the_same_key(host):
    port = host.port
    await asyncio.to_thread(host.stop)
    assert (await run(_ssh(host, "true"), timeout_s=WITHIN_S)).code == 255
    host.start()
    assert host.port == port
    assert (await run(_ssh(host, "echo back"), timeout_s=WITHIN_S)).text == "back\n"


async def test_sftp_reads_inside_its_folder_and_writes_nowhere(host, short_folder):
    (short_folder / "outside").write_text("secret")
    (host.home / "inside").write_text("open")
    (host.home / "link").symlink_to(short_folder / "outside")
    got = short_folder / "got"
    got.mkdir()

    async def sftp(line: str):
        return await run(
            ["sftp", "-q", *host.options, "-b", "-", host.alias], data=line.encode(), timeout_s=WITHIN_S
        )

    assert (await sftp(f"get inside {got}/inside\n")).code == 0
    assert (got / "inside").read_text() == "open"
    for refused in (
        f"get {short_folder}/outside {got}/x\n",
        f"get ../outside {got}/x\n",
        f"get link {got}/x\n",
    ):
        assert (await sftp(refused)).code != 0, refused
    for refused in (f"put {got}/inside put\n", "rm inside\n", "mkdir d\n", "rename inside other\n"):
        assert (await sftp(refused)).code != 0, refused
    assert sorted(path.name for path in host.home.iterdir()) == ["inside", "link"]
    assert [path.name for path in got.iterdir() if path.stat().st_size] == ["inside"]


async def test_a_forward_to_another_machine_is_refused(host, short_folder):
    here = short_folder / "fw"
    forward = ["-N", "-L", f"{here}:192.0.2.1:80", "-o", "LogLevel=INFO"]
    async with await Child.start(["ssh", *host.options, *forward, "--", host.alias]) as child:
        await eventually(here.exists, WITHIN_S)
        reader, writer = await asyncio.open_unix_connection(str(here))
        async with asyncio.timeout(WITHIN_S):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        async for chunk in child.chunks(stderr=True):
            assert b"administratively prohibited" in chunk
            break


async def test_state_is_private(host):
    state = host.config_file.parent
    assert state.stat().st_mode & 0o777 == 0o700
    assert (state / "id").stat().st_mode & 0o777 == 0o600
