"""The daemon as its commands show it: exit statuses, words, pauses, reloads, locks; real sshd, rsync, sockets."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from expsyncd.ssh.retry import MOST_ATTEMPTS
from expsyncd.state.facts import Facts
from expsyncd.state.marks import Mark
from support.place import Place, children_of, content
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def place(make_sshd):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    place.sshd = sshd
    place.configure(interval="60s")
    yield place
    place.close()


def two_hosts(place, *, first="", second=""):
    """hosts.yaml with hosts a and b, both through the sshd under aliases of their own."""
    config = place.sshd.config_file
    if "alias-a" not in config.read_text():
        config.write_text(
            config.read_text().replace(f"Host {place.alias}\n", f"Host {place.alias} alias-a alias-b\n")
        )
    text = place.config_file.read_text()
    place.config_file.write_text(
        text[: text.index("hosts:")]
        + f"hosts:\n  a:\n    ssh: alias-a\n    sources: [{{path: {place.remote}, name: one{first}}}]\n"
        + f"  b:\n    ssh: alias-b\n    sources: [{{path: {place.remote}, name: one{second}}}]\n"
    )


def masters(place):
    found = {}
    for pid in children_of(place.daemon.pid):
        with suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            if b"-M" in words:
                found[words[-2].decode()] = pid
    return found


def status_of(place, host):
    return (place.status() or {"hosts": {}})["hosts"].get(host, {})


def test_without_a_daemon(place):
    assert place.run("status", check=False).returncode == 3
    done = place.run("status", "--json", check=False)
    assert (done.returncode, json.loads(done.stdout)) == (3, {"schema": 1, "running": False})
    for words in (["pause"], ["open"], ["stop"]):
        done = place.run(*words, check=False)
        assert done.returncode == 3
        assert "systemctl --user start expsyncd" in done.stderr
    assert place.run("logs", check=False).returncode == 1


def test_pull_without_a_daemon(place):
    (place.remote / "a.csv").write_text("1\n")
    plan = place.run("pull", "--dry-run")
    assert "gpu/remote: 1 file, 2 B to pull" in plan.stdout
    assert content(place.mirror) == {}
    done = place.run("pull", "gpu/remote")
    assert "gpu/remote: complete, 1 file" in done.stdout
    assert content(place.mirror) == {b"a.csv": b"1\n"}
    lines = [json.loads(line) for line in place.run("pull", "--json").stdout.splitlines()]
    assert lines[-1]["outcome"] == "complete"
    assert place.run("pull", "nobody", check=False).stderr.startswith(
        "expsyncd: no host nobody in hosts.yaml"
    )
    assert "no source nothing" in place.run("pull", "gpu/nothing", check=False).stderr
    assert "not clean" not in place.run("pull").stderr
    place.sshd.stop()
    done = place.run("pull", check=False, timeout=90)
    assert done.returncode == 1
    assert "refuse" in done.stdout


def test_commands_of_a_running_daemon(place):
    place.configure(interval="60s", follow=False)  # or the follower is quicker than the commands
    (place.remote / "a.csv").write_text("1\n")
    place.start()
    place.until_fresh()
    assert place.run("status").returncode == 0
    assert place.run("status", "gpu").stdout.count("gpu") >= 1
    assert "no host x" in place.run("status", "x", check=False).stderr
    (place.remote / "b.csv").write_text("2\n")
    plan = place.run("pull", "--dry-run")
    assert "1 file, 2 B to pull" in plan.stdout
    assert b"b.csv" not in content(place.mirror)
    assert "complete, 1 file" in place.run("pull", "gpu").stdout
    assert content(place.mirror)[b"b.csv"] == b"2\n"
    second = place.run("run", check=False)
    assert second.returncode == 75
    assert f"pid {place.daemon.pid}" in second.stderr
    locked = place.run("adopt", str(place.root), check=False)
    assert locked.returncode == 75
    assert "serves 1 host" in place.run("logs").stdout
    assert place.run("nonsense", check=False).returncode == 2
    assert place.run("pull", "--nonsense", check=False).returncode == 2
    assert "stopping" in place.run("stop").stdout
    until(lambda: place.daemon.poll() is not None, 20)
    assert place.daemon.returncode == 0
    place.daemon = None


def test_what_is_said_of_runs_is_remembered(place):
    folder = os.fsencode(place.remote) + b"/run\xff"
    os.mkdir(folder)
    with open(folder + b"/events.out.tfevents.1", "wb") as file:
        file.write(b"the beginning of one")
    place.start()
    place.until_equal()
    run = ["gpu", "remote", os.fsdecode(b"run\xff")]

    def said():
        try:
            return client.ask(place.control, request("mark", runs=[run], note="the best", pinned=True))["ok"]
        except Error as error:  # the mirror is looked at a moment after the pull
            if "no such run" in error.title:
                return False
            raise

    until(said, 10)
    place.stop()
    facts = Facts.read_only(Paths.of(place.environment).facts_db)
    assert list(facts.marks.known().values()) == [
        Mark("gpu", "remote", b"run\xff", pinned=True, note="the best")
    ]
    facts.close()


def test_pause_is_remembered(place):
    place.start()
    place.until_fresh()
    assert "gpu is paused" in place.run("pause", "gpu").stdout
    until(lambda: status_of(place, "gpu")["status"] == "paused", 10)
    assert place.source()["lag_seconds"] is None
    assert "is paused" in place.run("pull", check=False).stdout
    place.stop()
    place.start()
    assert status_of(place, "gpu")["status"] == "paused"
    place.run("resume")
    place.until_fresh()


def test_limits_of_versions_and_of_the_disk_are_applied_while_it_runs(place):
    def applied(**more):
        before = place.status()["config"]["loaded_at"]
        place.configure(follow=False, **more)
        until(lambda: place.status()["config"]["loaded_at"] != before, 5)

    place.configure(follow=False, more="versions: {count: 1}\n")
    place.start()
    place.until_fresh()
    applied(more="versions: {count: 3}\n")
    for number in range(4):
        (place.remote / "a.bin").write_bytes(b"%d" % number * (9 - number))
        assert "complete" in place.run("pull").stdout
    assert len(json.loads(place.run("versions", "--json").stdout)) == 3

    applied(min_free="900TB")
    (place.remote / "b.bin").write_bytes(b"b")
    assert "no room left" in place.run("pull", check=False).stdout
    applied()
    until(lambda: b"b.bin" in content(place.mirror), 20)


def test_saving_the_file_applies_it_to_what_changed_only(place):
    two_hosts(place)
    place.start()
    until(
        lambda: (
            status_of(place, "b").get("status") == "connected"
            and status_of(place, "a").get("status") == "connected"
        ),
        20,
    )
    before = masters(place)
    saved = time.monotonic()
    two_hosts(place, second="-renamed")
    until(lambda: "one-renamed" in status_of(place, "b").get("sources", {}), 5)
    assert time.monotonic() - saved < 4  # 2 s by design; a loaded machine gets two more before it is an error
    until(lambda: status_of(place, "b").get("status") == "connected", 20)
    assert masters(place)["alias-a"] == before["alias-a"]

    good = place.config_file.read_text()
    place.config_file.write_text(good + "intervall: 5s\n")
    until(lambda: (place.status() or {})["config"]["error"], 5)
    line = len(good.splitlines()) + 1
    assert f"hosts.yaml:{line}:1: " in place.status()["config"]["error"]["title"]
    shown = place.run("status", check=False)
    assert shown.returncode == 1
    assert "interval" in shown.stdout
    assert masters(place)["alias-a"] == before["alias-a"]
    refused = place.run("reload", check=False)
    assert (refused.returncode, f"hosts.yaml:{line}:1: " in refused.stderr) == (78, True)
    place.config_file.write_text(good)
    until(lambda: not (place.status() or {})["config"]["error"], 5)
    assert place.run("reload").returncode == 0
    place.daemon.send_signal(signal.SIGHUP)
    assert masters(place)["alias-a"] == before["alias-a"]
    place.config_file.write_text(good.replace("  a:\n", "  c:\n"))
    until(lambda: set((place.status() or {})["hosts"]) == {"b", "c"}, 5)


def test_a_file_that_is_saved_while_it_starts_is_applied(place):
    # What it does between reading the file and watching it waits for an rsync that says its version late.
    tools = place.base / "tools"
    tools.mkdir()
    late = tools / "rsync"
    late.write_text(
        f"#!/bin/sh\ntouch {tools}/asked\n"
        f'while [ ! -e {tools}/saved ]; do sleep 0.02; done\nexec {shutil.which("rsync")} "$@"\n'
    )
    late.chmod(0o755)
    place.environment["PATH"] = f"{tools}:{place.environment['PATH']}"

    def save():
        until((tools / "asked").exists, 20)
        place.config_file.write_text(place.config_file.read_text().replace("name: remote", "name: other"))
        (tools / "saved").touch()

    saving = threading.Thread(target=save, name="saves")
    saving.start()
    place.start()
    saving.join()
    until(lambda: "other" in status_of(place, "gpu")["sources"], 10)
    assert place.status()["config"]["error"] is None


def test_a_stop_while_a_change_of_the_file_is_applied(place):
    place.start()
    until(lambda: status_of(place, "gpu").get("status") == "connected", 20)
    (master,) = masters(place).values()
    os.kill(master, signal.SIGSTOP)  # so its host takes a while to stop
    text = place.config_file.read_text()
    place.config_file.write_text(text.replace("name: remote", "name: renamed"))
    until(lambda: _asked_to_end(master), 20)
    place.daemon.send_signal(signal.SIGTERM)
    assert place.daemon.wait(20) == 0
    assert "did not stop in time" not in place.log()


def _asked_to_end(pid):
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^ShdPnd:\t(\w+)$", status, re.MULTILINE)
    assert found
    pending = int(found[1], 16)
    return pending >> (signal.SIGTERM - 1) & 1


def test_saving_the_file_again_and_again_is_no_way_around_the_limit_of_attempts(place):
    place.start()
    text = place.config_file.read_text()
    for number in range(MOST_ATTEMPTS):
        until(lambda: status_of(place, "gpu").get("status") == "connected", 20)
        place.config_file.write_text(text.replace("name: remote", f"name: remote-{number}"))
        until(lambda n=number: f"remote-{n}" in status_of(place, "gpu").get("sources", {}), 20)
    place.run("pull", check=False)  # waits for the connection
    assert place.sshd.attempts() == MOST_ATTEMPTS


def test_a_broken_file_at_the_start(place):
    place.config_file.write_text("hosts: {gpu: {sources: [~/a], intervall: 5s}}\n")
    done = place.run("run", check=False)
    assert done.returncode == 78
    assert "hosts.yaml:1:31: " in done.stderr
    assert "interval" in done.stderr


def test_a_root_that_is_not_ours_at_the_start(place):
    place.root.mkdir()
    (place.root / "mirror/gpu/remote").mkdir(parents=True)
    (place.remote / "a.bin").write_bytes(b"a" * 1000)
    done = place.run("run", check=False)
    assert done.returncode == 77
    assert f"expsyncd adopt {place.root}" in done.stderr
    (place.base / "mine").mkdir()
    refused = place.run("adopt", str(place.base / "mine"), check=False)
    assert (refused.returncode, str(place.root) in refused.stderr) == (1, True)
    assert list((place.base / "mine").iterdir()) == []
    assert "gpu/remote" in place.run("adopt", str(place.root)).stdout
    place.start()
    place.until_fresh()
    assert content(place.mirror) == {b"a.bin": b"a" * 1000}


def test_zero_hosts_say_what_to_do_next(place):
    place.config_file.write_text(f"root: {place.root}\ntensorboard: {{enabled: false}}\n")
    assert place.run("pull").stdout.startswith("nothing to pull")
    place.start()
    assert place.run("pull").stdout.startswith("nothing to pull")
    shown = place.run("status").stdout
    assert "No hosts yet" in shown
    assert str(place.config_file) in shown
    assert place.run("pause").stdout.startswith("no hosts yet")


def test_a_host_that_is_down_is_well_and_comes_back(place):
    place.sshd.stop()
    place.start()
    until(lambda: status_of(place, "gpu").get("status") == "waiting", 20)
    assert place.run("status").returncode == 0
    assert status_of(place, "gpu")["next_at"]
    place.sshd.start()
    place.run("resume", "gpu")
    place.until_fresh(30)


def test_a_killed_rsync_does_not_wait_for_the_interval(place):
    (place.remote / "big.bin").write_bytes(b"x" * 8_000_000)
    place.configure(interval="10m", sources=f"[{{path: {place.remote}, name: remote, bwlimit: 2MB}}]")
    place.start()

    def rsyncs():
        found = []
        for pid in children_of(place.daemon.pid):
            with suppress(OSError):
                words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
                if words[0].endswith(b"rsync") and b"--backup" in words:
                    found.append(pid)
        return found

    for pid in until(rsyncs, 20):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    until(lambda: (place.source().get("last_pull") or {}).get("outcome") == "retry", 10)
    place.until_equal(30)
    place.until_fresh()


def test_globs_are_sources_of_their_own_and_new_folders_join(place):
    for name in ("exp1", "exp2"):
        (place.remote / name / "tb_log").mkdir(parents=True)
        (place.remote / name / "tb_log/a.csv").write_text(name)
    place.configure(interval="1s", sources=f"['{place.remote}/*/tb_log']")
    place.start()
    mirror = place.root / "mirror/gpu"
    until(lambda: set(content(mirror)) == {b"exp1-tb_log/a.csv", b"exp2-tb_log/a.csv"}, 20)
    follows = lambda: [source["follow"]["healthy"] for source in status_of(place, "gpu")["sources"].values()]  # noqa: E731
    until(lambda: follows() == [True, True], 20, "both are followed, so neither is pulled at the interval")
    (place.remote / "exp3/tb_log").mkdir(parents=True)
    (place.remote / "exp3/tb_log/a.csv").write_text("exp3")
    until(lambda: b"exp3-tb_log/a.csv" in content(mirror), 20)
    assert len(status_of(place, "gpu")["sources"]) == 3


def test_launch_scripts_come_alone(place):
    (place.remote / "run.sh").write_text("python train.py\n")
    (place.remote / "huge.bin").write_bytes(b"x" * 100_000)
    (place.remote / "deep").mkdir()
    (place.remote / "deep/run.sh").write_text("no\n")
    place.configure(sources="[]")
    place.config_file.write_text(place.config_file.read_text() + f"    journal: [{place.remote}/run.sh]\n")
    place.start()
    until(lambda: content(place.root / "mirror"), 20)
    ((name, text),) = content(place.root / "mirror").items()
    assert (name.startswith(b"gpu/journal-"), name.endswith(b"/run.sh"), text) == (
        True,
        True,
        b"python train.py\n",
    )


def test_watching_in_a_pipe(place):
    place.start()
    place.until_fresh()
    import subprocess
    import sys

    watching = subprocess.Popen(
        [sys.executable, "-m", "expsyncd.cli.main", "status", "--watch", "--json"],
        env=place.environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert json.loads(watching.stdout.readline())["schema"] == 1
        place.run("pause", "gpu")
        until(lambda: json.loads(watching.stdout.readline())["hosts"]["gpu"]["status"] == "paused", 10)
    finally:
        watching.terminate()
        watching.wait()
        watching.stdout.close()


def test_the_clean_stop_of_a_daemon_without_trouble(place):
    place.start()
    place.until_fresh()
    assert place.stop() == 0
    assert not (place.base / "run/expsyncd/control.sock").exists()
    assert os.listdir(place.base / "run/expsyncd/cm") == []


def test_a_page_wishes_for_a_pull_and_does_not_wait(place):
    place.start()
    place.until_fresh()
    (place.remote / "new.txt").write_text("new")
    answer = list(client.stream(place.control, request("pull", host="gpu", wait=False), 5))
    assert [one.get("event") for one in answer] == ["wished", None]
    place.until_equal()
