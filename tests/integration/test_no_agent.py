"""Hosts where no agent can be, or none that sees: pulls go on at once, and status says why, on 80 columns."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress

import pytest

from support.following import agents, append, equal, follow_of, pulls_on, reason_of
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]


@pytest.fixture
def place(laptop):
    return laptop()


def begun(place):
    """The daemon runs, and a file is there to be pulled each second."""
    (place.remote / "a.csv").write_bytes(b"1\n")
    place.environment["COLUMNS"] = "80"
    place.configure(interval="1s")
    place.start()
    return place


def said(place):
    """What `status gpu` says of following, its lines joined."""
    lines = place.run("status", "gpu").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    return re.sub(r"\s+", " ", " ".join(lines))


def on_agent(deed):
    """A forced command that does something else in place of an agent."""
    return f'case "$SSH_ORIGINAL_COMMAND" in *python3*-I*) {deed};; *) eval "$SSH_ORIGINAL_COMMAND";; esac'


WITHOUT_PYTHON = (
    'case "$SSH_ORIGINAL_COMMAND" in *python3*) exec sh -c "exec no-such-python3";; '
    '"exec sh") sed "s/python3/no-such-python/" | sh;; *) eval "$SSH_ORIGINAL_COMMAND";; esac'
)
BROKEN_PYTHON = on_agent('echo "ImportError: libfoo.so.1" >&2; exit 1')
WRAPPED_PYTHON = on_agent('echo "python3: say module load python first"; exit 1')
CHATTER = on_agent('exec yes "no agent here"')


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"force_command": WITHOUT_PYTHON}, "no python3 on the host"),
        ({"force_command": BROKEN_PYTHON}, "the agent on the host ended: ImportError: libfoo.so.1; again in"),
        ({"force_command": WRAPPED_PYTHON}, "the agent on the host ended: python3: say module load python first"),
        ({"force_command": CHATTER}, "no agent answered, only the login shell's own words"),
        ({"lines": ("MaxSessions 1",)}, "(MaxSessions 1 of its sshd)"),
        ({"lines": ("MaxSessions 3",)}, "few sessions at a time"),
    ],
    ids=["no-python", "broken-python", "wrapped-python", "chatter", "one-session", "three-sessions"],
)  # fmt: skip
def test_pulls_go_on_and_the_reason_is_said(laptop, options, reason):
    place = begun(laptop(**options))
    why = reason_of(place)
    assert reason in why
    assert re.sub(r"\d+ s$", "", f"not followed: {why}") in said(place)
    pulls_on(place)


def test_a_python_older_than_3_6_is_not_even_started(laptop, tmp_path):
    old = tmp_path / "bin" / "python3"
    old.parent.mkdir()
    old.write_text(
        f'#!/bin/sh\n[ "$*" = -V ] && exec echo Python 3.5.3\necho "$*" >>{tmp_path}/asked; exit 1\n'
    )
    old.chmod(0o755)
    place = begun(laptop(force_command=f'export PATH="{old.parent}:$PATH"; eval "$SSH_ORIGINAL_COMMAND"'))
    assert reason_of(place) == "the host's python3 is 3.5.3, following needs 3.6"
    assert "not followed: the host's python3 is 3.5.3, following needs 3.6" in said(place)
    pulls_on(place)
    assert not (tmp_path / "asked").exists()


def test_a_shell_that_never_lets_the_agent_begin(laptop):
    place = begun(laptop(force_command=on_agent('echo "Which project?"; exec sleep 1000')))
    assert reason_of(place, "starting") == "the agent on the host has not begun yet"
    pulls_on(place)
    assert follow_of(place)["mode"] == "starting", "nothing waited for it"
    assert "followed soon: the agent on the host has not begun yet" in said(place)
    assert reason_of(place, within=40).startswith(
        "no agent began on the host in 20 s, it says “Which project?”"
    )
    assert "not followed: no agent began on the host in 20 s" in said(place)
    pulls_on(place)


def test_an_agent_that_is_killed_again_and_again(place):
    begun(place)
    killed = set()

    def given_up():
        for pid in agents(place):
            killed.add(pid)
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return "again in 20 s" in follow_of(place).get("reason", "")

    until(given_up, 60, "it is started ever more rarely")
    assert reason_of(place) == "the agent on the host was killed; again in 20 s"
    assert "not followed: the agent on the host was killed; again in" in said(place)
    pulls_on(place)
    assert len(killed) == 3, "after 1 and 5 s"
    assert place.log().count("is not followed: the agent on the host was killed") == 1


def test_a_lost_connection_is_no_killed_agent(place):
    begun(place)
    until(lambda: follow_of(place).get("healthy"), 30, "followed")
    place.sshd.stop()
    assert reason_of(place) == "not connected"
    assert "was killed" not in place.log()


def test_follow_false(place):
    (place.remote / "a.csv").write_bytes(b"1\n")
    place.configure(interval="1s", follow=False)
    place.start()
    assert reason_of(place) == "`follow: false` in hosts.yaml"
    assert "not followed: `follow: false` in hosts.yaml" in said(place)
    pulls_on(place)
    assert agents(place) == []


@pytest.mark.parametrize(
    ("limit", "reason"),
    [
        ("max_inotify_watches", "the host's inotify watches are used up (fs.inotify.max_user_watches is "),
        ("max_inotify_instances", "the host's inotify instances are used up (fs.inotify.max_user_instances"),
    ],
)
def test_inotify_limits_that_are_used_up(laptop, limit, reason):
    """Of a user namespace, never of this machine."""
    limited = f"unshare --user --map-root-user sh -c 'echo 1 >/proc/sys/user/{limit} && exec \"$0\"'"
    if shutil.which("unshare") is None:
        pytest.skip("needs unshare (util-linux)")
    done = subprocess.run(["sh", "-c", f"{limited} true"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the limit cannot be set here: {done.stderr.decode()}")
    few = limited.replace("echo 1", f"echo {int(limit == 'max_inotify_watches')}").replace(
        'exec "$0"', 'eval "$SSH_ORIGINAL_COMMAND"'
    )
    place = laptop(force_command=on_agent(f"exec {few}"))
    (place.remote / "run1").mkdir()
    begun(place)
    assert reason_of(place, "rescanning").startswith(reason)
    assert f"followed by rescans: {reason}" in said(place)
    assert follow_of(place)["watches"] == 0
    until(lambda: follow_of(place)["healthy"], 20)
    pulled = place.source()["last_pull"]["at"]
    append(place.remote / "a.csv", b"2\n")
    equal(place, b"a.csv")
    (place.remote / "run1" / "metrics.csv").write_bytes(b"step\n")
    equal(place, b"run1/metrics.csv")
    assert place.source()["last_pull"]["at"] == pulled, "rescans found it, no pull did"
