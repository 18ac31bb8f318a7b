"""What the built-in host and a real sshd must have in common for ssh, rsync, sftp and forwards."""

from __future__ import annotations

import asyncio
import os
import shlex
import signal
import socket
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from expsyncd.demo.host import BuiltinHost
from expsyncd.process import Child, run
from support.processes import alive
from support.sshd import Sshd, make_key
from support.wait import eventually

WITHIN_S = 30.0
ODD_NAMES = [
    b"a b",
    b"-dash",
    b"new\nline",
    b"$(touch x)",
    b"quo'te\"",
    b"caf\xc3\xa9",
    b"\xff\xfe",
    b"esc\x1b[31m",
    b"*?[x]",
    b"x" * 255,
]
# By the distribution; a forced command, which gives the login its own home, cannot be sshd's inner sftp.
SFTP_PROGRAM = next(
    folder + "/sftp-server"
    for folder in ("/usr/lib/openssh", "/usr/libexec/openssh", "/usr/lib/ssh", "/usr/libexec")
    if Path(folder, "sftp-server").exists()
)


@dataclass
class Reached:
    """A host, its login's home, and a master to ride on."""

    alias: str
    options: list[str]
    home: Path
    socket: Path

    def ssh(self, *more: str) -> list[str]:
        return [
            "ssh",
            *self.options,
            "-S",
            str(self.socket),
            "-o",
            "ProxyCommand=false",
            *more,
            "--",
            self.alias,
        ]

    @property
    def rsh(self) -> str:
        return " ".join(["ssh", *self.options, "-S", str(self.socket), "-o", "ProxyCommand=false"])


@pytest.fixture(params=["builtin", "sshd"])
async def host(request, short_folder):
    home = short_folder / "home"
    home.mkdir()
    real: BuiltinHost | Sshd
    if request.param == "builtin":
        real = BuiltinHost(home, short_folder / "state")
        real.start()
    else:
        # `home=` of Sshd would hand the name of the inner sftp to a shell.
        choice = f'internal-sftp) exec {SFTP_PROGRAM};; *) exec sh -c "$SSH_ORIGINAL_COMMAND";;'
        forced = f'cd {home} && export HOME={home} && case "$SSH_ORIGINAL_COMMAND" in {choice} esac'
        real = Sshd(short_folder / "state", force_command=forced)
    reached = Reached(real.alias, real.options, home, short_folder / "cm")
    try:
        master = ["ssh", *real.options, "-M", "-N", "-S", str(reached.socket), "--", real.alias]
        async with await Child.start(master) as child:
            await eventually(lambda: reached.socket.exists() or child.code is not None, WITHIN_S)
            assert child.code is None, "no master"
            yield reached
    finally:
        real.stop()


async def test_streams_are_binary_and_apart_and_the_status_is_passed_on(host):
    sent = bytes(range(256)) * 5000
    done = await run([*host.ssh(), "cat; printf 'err\\0' >&2; exit 37"], data=sent, timeout_s=WITHIN_S)
    assert (done.code, done.stdout == sent, done.stderr) == (37, True, b"err\0")


async def test_a_command_starts_at_home_and_is_read_by_a_shell(host):
    done = await run([*host.ssh(), 'test "$HOME" = "$PWD" && echo ~ && echo $((1+1))'], timeout_s=WITHIN_S)
    assert done.text.split() == [str(host.home.resolve()), "2"]


async def test_a_signal_shows_as_255_or_128_and_more(host):
    done = await run([*host.ssh(), "kill -9 $$"], timeout_s=WITHIN_S)
    assert done.code in (255, 137)


async def test_the_end_of_stdin_reaches_the_program(host):
    done = await run([*host.ssh(), "wc -c"], data=b"12345", timeout_s=WITHIN_S)
    assert done.text.strip() == "5"


async def test_output_that_nobody_reads_ends_the_program(host):
    line = shlex.join([*host.ssh(), "yes"]) + " | head -1"
    done = await run(["sh", "-c", line], timeout_s=WITHIN_S)
    assert (done.timed_out, done.stdout) == (False, b"y\n")


async def test_a_program_that_ignores_its_stdin_does_not_hang(host):
    done = await run([*host.ssh(), "exec <&-; echo done"], data=b"x" * 3_000_000, timeout_s=WITHIN_S)
    assert (done.timed_out, done.text) == (False, "done\n")


async def test_a_program_that_reads_stdin_ends_with_its_ssh(host):
    async with await Child.start([*host.ssh(), "echo $$; exec cat"], stdin=True) as child:
        async for line in child.lines():
            pid = int(line)
            break
        assert alive(pid)
        child.signal_leader(signal.SIGKILL)
        await child.wait()
    await eventually(lambda: not alive(pid), WITHIN_S)


async def test_many_commands_at_once_over_one_master(host):
    """8 at a time, 25 each, all with their own answer and status."""

    async def one_after_another(lane: int) -> None:
        for number in range(25):
            asked = lane * 25 + number
            done = await run(
                [*host.ssh(), f"cat; exit {asked}"], data=str(asked).encode(), timeout_s=WITHIN_S
            )
            assert (done.code, done.stdout) == (asked, str(asked).encode()), done.complaint

    async with asyncio.TaskGroup() as group:
        for lane in range(8):
            group.create_task(one_after_another(lane), name=f"lane {lane}")


def _fill(folder: Path) -> dict[bytes, bytes]:
    inside = {name: b"<" + name + b">\0" + os.urandom(1000) for name in ODD_NAMES}
    inside[b"sub/big"] = os.urandom(3_000_000)
    inside[b"sub/empty"] = b""
    (folder / "sub").mkdir(parents=True)
    for name, text in inside.items():
        (folder / os.fsdecode(name)).write_bytes(text)
    return inside


def _content(folder: Path) -> dict[bytes, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {os.fsencode(path.relative_to(folder)): path.read_bytes() for path in files}


async def test_rsync_pulls_a_list_of_odd_names(host, tmp_path):
    inside = _fill(host.home / "gan")
    wanted = {name: text for name, text in inside.items() if name != b"sub/empty"}
    argv = [
        "rsync",
        "-t",
        "--files-from=-",
        "--from0",
        "--no-dirs",
        "-e",
        host.rsh,
        f"{host.alias}:gan/",
        f"{tmp_path}/got/",
    ]
    done = await run(argv, data=b"\0".join(wanted), timeout_s=WITHIN_S)
    assert done.code == 0, done.complaint
    assert _content(tmp_path / "got") == wanted


async def test_rsync_grows_a_file_in_place(host, tmp_path):
    (host.home / "log").write_bytes(b"a" * 100_000)
    argv = ["rsync", "-t", "--inplace", "-e", host.rsh, f"{host.alias}:log", f"{tmp_path}/log"]
    assert (await run(argv, timeout_s=WITHIN_S)).code == 0
    inode = (tmp_path / "log").stat().st_ino
    with (host.home / "log").open("ab") as file:
        file.write(b"b" * 50_000)
    assert (await run(argv, timeout_s=WITHIN_S)).code == 0
    assert (tmp_path / "log").read_bytes() == b"a" * 100_000 + b"b" * 50_000
    assert (tmp_path / "log").stat().st_ino == inode


async def test_rsync_puts_a_tree_on_the_host(host, tmp_path):
    inside = _fill(tmp_path / "here")
    argv = ["rsync", "-rt", "-e", host.rsh, f"{tmp_path}/here/", f"{host.alias}:there/"]
    done = await run(argv, timeout_s=WITHIN_S)
    assert done.code == 0, done.complaint
    assert _content(host.home / "there") == inside


async def test_sftp_gets_a_file(host, tmp_path):
    content = os.urandom(2_000_000)
    (host.home / "big").write_bytes(content)
    argv = ["sftp", "-q", *host.options, "-o", f"ControlPath={host.socket}", "-b", "-", host.alias]
    done = await run(argv, data=f"get {host.home}/big {tmp_path}/big\n".encode(), timeout_s=WITHIN_S)
    assert done.code == 0, done.complaint
    assert (tmp_path / "big").read_bytes() == content


async def test_scp_gets_a_file_and_says_so(host, tmp_path):
    (host.home / "small").write_bytes(b"hello")
    argv = [
        "scp",
        "-q",
        *host.options,
        "-o",
        f"ControlPath={host.socket}",
        f"{host.alias}:{host.home}/small",
        str(tmp_path),
    ]
    done = await run(argv, timeout_s=WITHIN_S)
    assert (done.code, (tmp_path / "small").read_bytes()) == (0, b"hello")


def _answering(listener: socket.socket) -> None:
    """Takes one connection, reads to its end, answers with what it read in capitals."""
    connection, _ = listener.accept()
    with connection:
        heard = b""
        while chunk := connection.recv(1 << 16):
            heard += chunk
        connection.sendall(heard.upper())


async def test_a_local_forward_carries_both_ways_and_the_half_close(host, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answering, args=(listener,))
        thread.start()
        here = host.socket.with_name("fw")
        forward = f"{here}:127.0.0.1:{listener.getsockname()[1]}"
        argv = ["ssh", *host.options, "-S", str(host.socket), "-O", "forward", "-L", forward, host.alias]
        assert (await run(argv, timeout_s=WITHIN_S)).code == 0
        said = b"abc" * 100_000
        reader, writer = await asyncio.open_unix_connection(str(here))
        writer.write(said)
        writer.write_eof()
        async with asyncio.timeout(WITHIN_S):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        thread.join(WITHIN_S)
    assert answer == said.upper()


async def test_a_forward_to_a_closed_port_is_closed_again(host):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    here = host.socket.with_name("fw")
    argv = [
        "ssh",
        *host.options,
        "-S",
        str(host.socket),
        "-O",
        "forward",
        "-L",
        f"{here}:127.0.0.1:{port}",
        host.alias,
    ]
    assert (await run(argv, timeout_s=WITHIN_S)).code == 0
    reader, writer = await asyncio.open_unix_connection(str(here))
    async with asyncio.timeout(WITHIN_S):
        assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()


async def test_another_key_is_refused(host, tmp_path):
    make_key(tmp_path / "other")
    lines = Path(host.options[1]).read_text().splitlines()
    config = tmp_path / "ssh_config"
    config.write_text("\n".join(line for line in lines if "IdentityFile" not in line))
    argv = ["ssh", "-F", str(config), "-i", str(tmp_path / "other"), "-S", "none", "--", host.alias, "true"]
    done = await run(argv, timeout_s=WITHIN_S)
    assert done.code == 255
    assert b"Permission denied (publickey)" in done.stderr
