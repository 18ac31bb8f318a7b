import asyncio
import os
import re
import resource
import signal
import socket
import sys
import time
from typing import Any
from urllib.parse import quote

import pytest

from expsyncd.config.model import TensorBoardConfig
from expsyncd.process import Child
from expsyncd.tensorboard import command, record
from expsyncd.tensorboard.keeper import Calls
from support.tensorboards import Home, Training, a_free_port, ask, children_of, lives, runs, steps
from support.wait import eventually

WITHIN_S = 30


@pytest.fixture
def home(tmp_path):
    return Home(tmp_path)


@pytest.fixture
def training(tmp_path):
    started = Training(tmp_path / "host")
    yield started
    started.close()


async def test_points_appended_in_place_appear(home, training):
    usual = home.root.mirror / "gpu1/tb/a" / training.file.name
    other = home.root.mirror / "gpu1/tb/b/run1.tfevents.77"
    training.write(range(3))
    training.grow(usual)
    training.grow(other)
    home.lay()
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        inode = usual.stat().st_ino
        for last in (3, 5, 8):
            training.write(range(len(steps(home.port, "gpu1/a")) or 3, last))
            training.grow(usual)
            training.grow(other)
            for run in ("gpu1/a", "gpu1/b"):
                await eventually(
                    lambda run=run, last=last: steps(home.port, run) == list(range(last)), within=10
                )
        assert usual.stat().st_ino == inode
        assert sorted(runs(home.port)) == ["gpu1/a", "gpu1/b"]
        pid = home.state.pid
    assert not lives(pid)
    assert ask(home.port, "/") == (0, b"")


async def test_names_from_hosts_are_shown(home, training):
    training.write(range(2))
    training.grow(
        home.root.mirror / "gpu1/tb" / os.fsdecode(b"lr=0.1 \xff\x1b[31m") / "events.tfevents.\udcfe"
    )
    home.lay()
    async with home.keeping():
        await eventually(lambda: runs(home.port) == ["gpu1/lr=0.1 %FF%1B[31m"], within=WITHIN_S)
        await eventually(lambda: steps(home.port, "gpu1/lr=0.1 %FF%1B[31m") == [0, 1], within=10)


async def test_a_replaced_file_shows_all_its_points_after_its_rest(home, training, tmp_path):
    mirrored = home.root.mirror / "gpu1/tb/a/events.out.tfevents.1"
    training.write(range(3))
    training.grow(mirrored)
    home.lay()
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        await eventually(lambda: steps(home.port, "gpu1/a") == [0, 1, 2], within=10)
        again = Training(tmp_path / "again")
        again.write(range(10, 20))
        again.close()
        again.file.rename(mirrored)
        (until_at,) = home.lay().resting.values()
        await eventually(lambda: time.monotonic() > until_at, within=10)
        assert steps(home.port, "gpu1/a") == []
        assert home.lay().resting == {}
        await eventually(lambda: steps(home.port, "gpu1/a") == list(range(10, 20)), within=10)


async def test_no_request_passes_for_a_message_of_the_data_server(home, training):
    # TensorBoard logs the path of what it does not have, and another page may lead the browser to any path.
    training.write(range(3))
    torn = home.root.mirror / "gpu1" / "tb" / "torn" / training.file.name
    training.grow(torn)
    torn.write_bytes(torn.read_bytes() + b"no length of a record")
    home.lay()
    given_up: list[Any] = []
    link = {"Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate", "Sec_Fetch_Dest": "document"}
    said = "Read error in /etc/alternatives/awk: InvalidRecord("
    paths = [said, *(f"x{end}[2026-11-26T14:39:01Z WARN  rustboard_core::run] {said}" for end in "\n\v\x85")]
    async with home.keeping({"calls": Calls(gave_up=given_up.extend)}):
        await eventually(home.serving, within=WITHIN_S)
        for path in paths:
            await eventually(lambda path=path: ask(home.port, f"/{quote(path)}", **link)[0] in (403, 404), 10)
        (view,) = home.root.tb_log.glob("gpu1/torn/*")
        other = view.with_name("other.tfevents.2")
        other.symlink_to(view.readlink())  # what it says of this comes after all that
        await eventually(lambda: str(other) in {death.link for death in given_up}, WITHIN_S)
    assert {death.link for death in given_up} == {str(view), str(other)}


async def test_killed_it_is_back_on_the_same_port(home):
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        first = home.state
        (loader,) = children_of(first.pid)
        os.kill(first.pid, signal.SIGKILL)
        await eventually(lambda: home.state.status == "restarting", within=WITHIN_S)
        assert home.state.error is not None
        assert "signal 9" in home.state.error.title
        await eventually(home.serving, within=WITHIN_S)
        assert home.state.pid != first.pid
        assert home.state.url == first.url
        assert home.state.error is None
        assert ask(home.port, "/data/environment")[0] == 200
        assert not lives(loader)


async def test_a_lost_data_server_is_healed(home):
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        first = home.state.pid
        (loader,) = children_of(first)
        os.kill(loader, signal.SIGKILL)
        await eventually(lambda: home.serving() and home.state.pid != first, within=WITHIN_S)
        assert ask(home.port, "/data/environment")[0] == 200
        assert not lives(first)


@pytest.mark.parametrize("which", ["main", "data server"])
async def test_a_hang_is_healed(home, which):
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        first = home.state.pid
        (loader,) = children_of(first)
        os.kill(first if which == "main" else loader, signal.SIGSTOP)
        await eventually(lambda: home.serving() and home.state.pid != first, within=WITHIN_S)
        assert ask(home.port, "/data/environment")[0] == 200
        assert not lives(first)
        assert not lives(loader)


async def test_too_much_memory_leads_to_a_restart(home):
    async with home.keeping(memory_limit=1_000_000):
        await eventually(lambda: home.state.error is not None, within=WITHIN_S)
        assert "memory_limit" in home.state.error.title


async def test_a_busy_port_is_explained_and_the_next_unwanted_one_taken(home):
    with socket.create_server(("127.0.0.1", home.port)):
        home.wanted = {home.port + 1}
        async with home.keeping():
            await eventually(home.serving, within=WITHIN_S)
            assert home.served_port() > home.port + 1
            (notice,) = home.state.notices
            assert f"port {home.port} is taken by process {os.getpid()} (" in notice
            assert str(home.served_port()) in notice
            assert ask(home.served_port(), "/data/environment")[0] == 200


async def test_a_restart_keeps_the_port_though_the_configured_one_is_free_again(home):
    stranger = socket.create_server(("127.0.0.1", home.port))
    async with home.keeping() as keeper:
        await eventually(home.serving, within=WITHIN_S)
        stranger.close()
        first = home.state
        keeper.restart("a test")
        await eventually(lambda: home.serving() and home.state.pid != first.pid, within=WITHIN_S)
        assert home.state.url == first.url


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "evil.example:{port}", ""])
async def test_foreign_hosts_are_refused(home, host):
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        refused = ask(home.port, "/data/runs", Host=host.format(port=home.port))
        assert refused == (403, b"this TensorBoard answers to localhost only\n")
        for allowed in ("localhost", f"127.0.0.1:{home.port}", "[::1]:7000", "LOCALHOST:1"):
            assert ask(home.port, "/data/runs", Host=allowed)[0] == 200


async def test_a_foreign_page_cannot_change_anything(home):
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        path = "/data/plugin/timeseries/timeSeries"
        assert ask(home.port, path, method="POST", Origin="http://evil.example")[0] == 403
        assert ask(home.port, path, method="POST", Origin=f"http://127.0.0.1:{home.port}")[0] != 403


async def start_orphan(home, **options):
    argv = command.argv(TensorBoardConfig(port=home.port), logdir=home.root.tb_log, port=home.port, fast=True)
    child = await Child.start(
        argv, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, **options
    )
    await eventually(lambda: ask(home.port, "/data/environment")[0] == 200, within=WITHIN_S)
    return child


@pytest.mark.parametrize("hangs", [False, True])
async def test_the_orphan_of_a_killed_daemon_is_reclaimed(home, hangs):
    async with await start_orphan(home) as orphan:
        (loader,) = children_of(orphan.pid)
        record.write(home.record, record.Record.of(orphan.pid, home.port, home.port))
        if hangs:
            orphan.signal_leader(signal.SIGSTOP)
        async with home.keeping():
            await eventually(home.serving, within=WITHIN_S)
            assert home.served_port() == home.port
            assert not lives(orphan.pid)
            await eventually(lambda: not lives(loader), within=5)


@pytest.mark.parametrize("change", [{"start_time": 1}, {"boot": "another"}, {"start_time": None}])
async def test_a_process_that_is_not_ours_is_never_ended(home, change):
    async with await start_orphan(home) as stranger:
        found = record.Record.of(stranger.pid, home.port, home.port)
        assert not await record.end(record.Record(**{**vars(found), **change}), home.root.tb_log)
        assert not await record.end(found, home.root.path / "another_logdir")
        assert lives(stranger.pid)
        assert await record.end(found, home.root.tb_log)
        await stranger.wait()


async def test_it_ends_with_the_daemon_that_was_killed(home):
    # A daemon in small: starts TensorBoard as we do, and is killed.
    argv = command.argv(TensorBoardConfig(port=home.port), logdir=home.root.tb_log, port=home.port, fast=True)
    program = (
        "import asyncio, sys\n"
        "from expsyncd.process import Child\n"
        "async def main():\n"
        "    child = await Child.start(sys.argv[1:], stderr=asyncio.subprocess.DEVNULL)\n"
        "    print(child.pid, flush=True)\n"
        "    await child.wait()\n"
        "asyncio.run(main())\n"
    )
    async with await Child.start([sys.executable, "-c", program, *argv]) as daemon:
        async for line in daemon.lines():
            pid = int(line)
            break
        await eventually(lambda: ask(home.port, "/data/environment")[0] == 200, within=WITHIN_S)
        (loader,) = children_of(pid)
        daemon.signal_leader(signal.SIGKILL)
        await eventually(lambda: not lives(pid) and not lives(loader), within=10)


async def test_it_ends_with_its_parent_where_no_death_signal_exists(home):
    argv = command.argv(TensorBoardConfig(port=home.port), logdir=home.root.tb_log, port=home.port, fast=True)
    async with await Child.start(
        ["sh", "-c", '"$@" & echo $!; wait', "sh", *argv], stderr=asyncio.subprocess.DEVNULL
    ) as shell:
        async for line in shell.lines():
            pid = int(line)
            break
        await eventually(lambda: ask(home.port, "/data/environment")[0] == 200, within=WITHIN_S)
        shell.signal_leader(signal.SIGKILL)
        await eventually(lambda: not lives(pid), within=10)


async def test_term_ends_it_with_0(home):
    async with await start_orphan(home) as child:
        child.signal_leader(signal.SIGTERM)
        assert await asyncio.wait_for(child.wait(), 10) == 0


async def test_without_the_fast_loader_it_says_so_and_runs(home, training):
    training.write(range(3))
    training.grow(home.root.mirror / "gpu1/tb/a/events.out.tfevents.1")
    home.lay()
    async with home.keeping({"slow_because": lambda: "no fast loader here"}):
        await eventually(home.serving, within=WITHIN_S)
        assert home.state.notices == ("no fast loader here",)
        await eventually(lambda: steps(home.port, "gpu1/a") == [0, 1, 2], within=15)


async def test_a_fast_loader_that_does_not_run_here_is_done_without(home, monkeypatch, tmp_path):
    broken = tmp_path / "server"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setenv("TENSORBOARD_DATA_SERVER_BINARY", str(broken))
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        (notice,) = home.state.notices
        assert "does not run here" in notice


async def test_a_start_that_never_works_is_said_and_tried_still(home):
    async with home.keeping(extra_args=("--no_such_flag",)) as keeper:
        await eventually(lambda: home.state.status == "failed", within=60)
        assert "no_such_flag" in home.state.error.title
        assert str(home.log) in home.state.error.advice
        tries = home.log.read_text().count("no_such_flag")
        await eventually(lambda: home.log.read_text().count("no_such_flag") > tries, within=WITHIN_S)
        keeper.apply(TensorBoardConfig(port=home.port))
        await eventually(home.serving, within=WITHIN_S)


async def test_a_new_config_restarts_it_only_where_needed(home):
    async with home.keeping() as keeper:
        await eventually(home.serving, within=WITHIN_S)
        first = home.state.pid
        keeper.put_runs(7)
        keeper.apply(TensorBoardConfig(port=home.port, memory_limit=3_000_000_000))
        port = a_free_port()
        assert home.state.pid == first
        keeper.apply(TensorBoardConfig(port=port, scalars_only=True))
        await eventually(lambda: home.serving() and home.served_port() == port, within=WITHIN_S)
        assert home.state.runs == 7
        names = set(re.findall(rb'"([a-z_]+)": \{"disable', ask(port, "/data/plugins_listing")[1]))
        assert names == {b"scalars", b"custom_scalars", b"experiments"}
        keeper.apply(TensorBoardConfig(port=port, enabled=False))
        await eventually(lambda: home.state.status == "off", within=WITHIN_S)
        assert (home.state.url, home.state.pid) == (None, None)
        await eventually(lambda: ask(port, "/") == (0, b""), within=5)
        keeper.apply(TensorBoardConfig(port=port))
        await eventually(home.serving, within=WITHIN_S)


async def test_its_log_is_private_and_bounded(home):
    home.log.write_bytes(b"x" * 6_000_000)
    home.log.chmod(0o600)
    async with home.keeping():
        await eventually(home.serving, within=WITHIN_S)
        assert home.log.stat().st_size < 100_000
        assert home.log.stat().st_mode & 0o777 == 0o600
        assert home.record.stat().st_mode & 0o777 == 0o600


@pytest.fixture
def few_files_by_default():
    """Debian and systemd give 1024 open files; here 200, so that few files do."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_more_files_than_a_process_may_open_by_default(home, training, few_files_by_default):
    training.write(range(2))
    for number in range(400):
        training.grow(home.root.mirror / f"gpu1/tb/r{number:03}/events.out.tfevents.1")
    home.lay()
    async with home.keeping():
        await eventually(lambda: len(runs(home.port)) == 400, within=WITHIN_S)
        assert home.state.notices == ()
