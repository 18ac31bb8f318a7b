from pathlib import Path

import pytest

from expsyncd.doctor.programs import inotify, judge_agent, judge_ssh, socket_length


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ("OpenSSH_9.2p1 Debian-2+deb12u10, OpenSSL 3.0.19", "ok"),
        ("OpenSSH_8.4p1", "ok"),
        ("OpenSSH_8.2p1 Ubuntu-4ubuntu0.5", "problem"),
        ("OpenSSH_7.9", "problem"),
        ("Dropbear v2022.83", "warning"),
        ("", "warning"),
    ],
)
def test_ssh(said, word):
    found = judge_ssh(said)
    assert found.word == word
    assert bool(found.fix) == (word != "ok")


@pytest.mark.parametrize(
    ("here", "keys", "theirs", "word"),
    [
        ("", None, None, "note"),
        ("/a", None, None, "warning"),
        ("/a", 0, None, "note"),
        ("/a", 2, None, "warning"),
        ("/a", 2, "/b", "warning"),
        ("/a", 2, "/a", "ok"),
    ],
)
def test_agent(here, keys, theirs, word):
    found = judge_agent(here, keys, theirs, running=True)
    assert found.word == word
    assert bool(found.fix) == (word == "warning")


def test_an_agent_that_the_service_lacks_has_the_exact_command():
    found = judge_agent("/a", 1, None, running=False)
    assert "systemctl --user import-environment SSH_AUTH_SOCK" in found.fix
    assert "systemd user manager" in found.title


def test_socket_length():
    assert socket_length(Path("/run/user/1000/expsyncd/cm")).word == "ok"
    found = socket_length(Path("/run/" + "x" * 90))
    assert found.word == "problem"
    assert "XDG_RUNTIME_DIR" in found.fix


@pytest.mark.parametrize(
    ("watches", "instances", "folders", "word"),
    [
        ("8192", "128", 100, "ok"),
        ("8192", "128", 5000, "warning"),
        ("8192", "1", 100, "warning"),
        ("rubbish", "1", 100, "unknown"),
    ],
)
def test_inotify(tmp_path, watches, instances, folders, word):
    (tmp_path / "max_user_watches").write_text(watches)
    (tmp_path / "max_user_instances").write_text(instances)
    found = inotify(tmp_path, folders=folders)
    assert found.word == word
    assert ("sysctl" in found.fix) == (word == "warning")


def test_inotify_elsewhere(tmp_path):
    assert inotify(tmp_path / "none", folders=1).word == "unknown"
