"""The real command in pipes and on a terminal, before a daemon that says what the test wants."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import subprocess
import sys
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import pytest

from expsyncd.control.listener import Listener
from expsyncd.state.shown import snapshot_json
from expsyncd.state.status import ConfigState, Connected, HostState, RootState, Snapshot
from support.wait import eventually

NOW = datetime.now(UTC)


def shown(*hosts):
    states = {name: HostState(Connected(), NOW) for name in hosts}
    return snapshot_json(Snapshot("0.1.0", 1, NOW, ConfigState("/c", NOW), RootState("/r"), hosts=states))


class Command:
    """`expsyncd WORDS` as a child, its output in pipes or, with `terminal`, on a pseudo terminal."""

    def __init__(self, folder, *words, terminal=False, **more):
        self.output = b""
        self._terminal = None
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "XDG_RUNTIME_DIR": str(folder), "TERM": "xterm",
            "XDG_STATE_HOME": str(folder), "LANG": "C.UTF-8", "COLUMNS": "80", "LINES": "24",
            "BROWSER": "true", **more,
        }  # fmt: skip
        argv = [sys.executable, "-m", "expsyncd.cli.main", *words]
        if terminal:
            self._terminal, theirs = pty.openpty()
            self.child = subprocess.Popen(
                argv, env=environment, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
            )
            os.close(theirs)
            self._descriptor = self._terminal
        else:
            self.child = subprocess.Popen(
                argv,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            self._descriptor = self.child.stdout.fileno()
        os.set_blocking(self._descriptor, False)

    def read(self):
        """All it said so far."""
        with suppress(BlockingIOError, OSError):  # a terminal whose last holder is gone says EIO
            while piece := os.read(self._descriptor, 1 << 16):
                self.output += piece
        return self.output

    async def says(self, words, *, times=1):
        await eventually(lambda: self.read().count(words.encode()) >= times, within=20, what=words)

    async def ends(self):
        code = await eventually(lambda: (self.read() or True) and self.exit_code(), within=20, what="its end")
        self.read()
        return code[0]

    def exit_code(self):
        code = self.child.poll()
        return None if code is None else (code,)

    def close(self):
        if self.child.poll() is None:
            self.child.kill()
        self.child.wait()
        if self._terminal is None:
            self.child.stdout.close()
        else:
            os.close(self._terminal)


@pytest.fixture
def command(short_folder):
    started = []

    def start(*words, **options):
        started.append(Command(short_folder, *words, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


@asynccontextmanager
async def daemon(folder, **verbs):
    (folder / "expsyncd").mkdir(exist_ok=True)
    path = folder / "expsyncd/control.sock"
    async with asyncio.TaskGroup() as group:
        task = group.create_task(Listener(path, verbs).run())
        await eventually(path.exists, within=5)
        try:
            yield
        finally:
            task.cancel()


def watching(*hosts):
    async def watch(_):
        yield {"event": "status", "status": shown(*hosts)}
        await asyncio.Event().wait()

    return watch


async def test_watching_one_host_over_a_restart(short_folder, command):
    watch = command("status", "gpu1", "--watch")
    await watch.says("expsyncd is not running; waiting for it")
    async with daemon(short_folder, watch=watching("gpu1", "gpu2")):
        await watch.says("gpu1  connected")
    await watch.says("; waiting for it", times=2)
    async with daemon(short_folder, watch=watching("gpu1", "gpu2")):
        await watch.says("gpu1  connected", times=2)
    assert b"gpu2" not in watch.read()
    assert b"\x1b" not in watch.output
    watch.child.send_signal(signal.SIGINT)
    assert await watch.ends() == 130
    assert b"Traceback" not in watch.output


async def test_watching_as_json_says_when_nobody_runs(short_folder, command):
    watch = command("status", "--watch", "--json")
    await watch.says("\n")
    async with daemon(short_folder, watch=watching("gpu1")):
        await watch.says("\n", times=2)
    first, second = watch.output.splitlines()[:2]
    assert json.loads(first) == {"schema": 1, "running": False}
    assert list(json.loads(second)["hosts"]) == ["gpu1"]


async def test_watching_on_a_terminal_is_drawn_anew_and_tidied_up(short_folder, command):
    async with daemon(short_folder, watch=watching("gpu1")):
        watch = command("status", "--watch", terminal=True)
        # Nothing changes, but "up 3s" must: the screen is drawn again by itself.
        await watch.says("TensorBoard", times=3)
        os.write(watch._terminal, b"q")  # a key does no harm
        watch.child.send_signal(signal.SIGINT)
        assert await watch.ends() == 130
    assert b"\x1b[?1049h" in watch.output
    assert watch.output.rindex(b"\x1b[?1049l") > watch.output.rindex(b"TensorBoard")
    assert b"Traceback" not in watch.output


PLAN = {
    "event": "plan", "host": "gpu1", "source": "a", "files": 1, "bytes": 2_000_000, "grown": 0, "gone": 0, "skipped": [],
}  # fmt: skip
PROGRESS = {
    "event": "progress", "host": "gpu1", "source": "a", "files": 0, "bytes": 1_000_000, "total_files": 1, "total_bytes": 2_000_000,
}  # fmt: skip
OUTCOME = {
    "event": "outcome", "host": "gpu1", "source": "a", "outcome": "complete", "files": 1, "bytes": 2_000_000, "seconds": 0.5,
}  # fmt: skip


@pytest.mark.parametrize(("outcome", "code"), [("complete", 0), ("partial", 1), ("give-up", 1)])
async def test_pull_exits_by_its_outcomes(short_folder, command, outcome, code):
    async def pull(message):
        assert (message["host"], message["source"], message["dry_run"]) == ("gpu1", "a/b", False)
        yield PLAN
        yield PROGRESS
        yield {**OUTCOME, "outcome": outcome}

    async with daemon(short_folder, pull=pull):
        asked = command("pull", "gpu1/a/b", "--json")
        assert await asked.ends() == code
    lines = [json.loads(line) for line in asked.output.splitlines()]
    assert [line["event"] for line in lines] == ["plan", "progress", "outcome"]


async def test_pull_on_a_terminal_has_a_bar(short_folder, command):
    drawn = asyncio.Event()

    async def pull(_):
        yield PLAN
        yield PROGRESS
        await drawn.wait()
        yield OUTCOME

    async with daemon(short_folder, pull=pull):
        asked = command("pull", terminal=True)
        await asked.says("1.0/2.0 MB")
        drawn.set()
        assert await asked.ends() == 0
    assert b"gpu1/a: 1 file, 2.0 MB to pull" in asked.output
    assert b"gpu1/a: complete, 1 file, 2.0 MB in 0.5 s" in asked.output


async def test_an_interrupted_pull_ends_at_the_daemon_too(short_folder, command):
    ended = asyncio.Event()

    async def pull(_):
        try:
            yield PLAN
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with daemon(short_folder, pull=pull):
        asked = command("pull")
        await asked.says("to pull")
        asked.child.send_signal(signal.SIGINT)
        assert await asked.ends() == 130
        await asyncio.wait_for(ended.wait(), 5)


async def test_open_prints_the_address_and_says_why_not(short_folder, command):
    value = shown()
    value["tensorboard"] |= {"status": "serving", "url": "http://127.0.0.1:6006"}
    values = [value, shown()]

    async def status(_):
        yield {"status": values.pop(0)}

    async with daemon(short_folder, status=status):
        opened = command("open")
        assert await opened.ends() == 0
        assert opened.output == b"http://127.0.0.1:6006\n"
        closed = command("open")
        assert await closed.ends() == 1
        assert b"it is starting" in closed.output


@pytest.mark.parametrize("words", ["--help", "config schema", "status --json"])
def test_who_has_read_enough_gets_no_complaint(short_folder, words):
    argv = [sys.executable, "-m", "expsyncd.cli.main", *words.split()]
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(short_folder),
        "XDG_RUNTIME_DIR": str(short_folder),
    }
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run(
        argv, env=environment, stdout=write_end, stderr=subprocess.PIPE, check=False, timeout=20
    )
    os.close(write_end)
    assert done.stderr == b""


async def test_a_flaw_of_ours_is_one_line_but_for_debug(command):
    # Below a device there can be no folder, and nothing in `logs` expects that.
    plain = command("logs", XDG_STATE_HOME="/dev/null")
    assert await plain.ends() == 1
    first, second = plain.output.decode().splitlines()
    assert first.startswith("expsyncd: unexpected NotADirectoryError: ")
    assert "--debug" in second
    debug = command("--debug", "logs", XDG_STATE_HOME="/dev/null")
    assert await debug.ends() == 1
    assert b"Traceback" in debug.output


async def test_what_only_the_person_can_mend_ends_the_daemon_with_its_status(short_folder, command):
    (short_folder / "hosts.yaml").write_text(f"root: {short_folder}/root\ntensorboard: {{enabled: false}}\n")
    deep = short_folder / ("long" * 30)
    ended = command("run", EXPSYNCD_CONFIG=str(short_folder / "hosts.yaml"), XDG_RUNTIME_DIR=str(deep))
    assert await ended.ends() == 77
    *_, title, advice = ended.output.decode().splitlines()
    assert title.startswith("expsyncd: the path of the control socket is too long")
    assert advice == "  set XDG_RUNTIME_DIR to a folder of yours with a shorter path"


async def test_a_terminal_that_cannot_show_a_name(short_folder, command):
    async with daemon(short_folder, watch=watching("münchen")):
        watch = command("status", "--watch", PYTHONIOENCODING="ascii")
        await watch.says("m\\xfcnchen  connected")
