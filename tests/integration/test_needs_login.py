"""A host that wants a second factor: found out once, remembered, never nagged, and used as soon as it can be."""

from __future__ import annotations

import subprocess

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from support.place import Place, content
from support.wait import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(150)]

WITHIN_S = 20
ADOPTED_WITHIN_S = 5
# A password that BatchMode never types stands for the code: sshd says "partial success" all the same.
SECOND_FACTOR = ("AuthenticationMethods publickey,password", "PasswordAuthentication yes")


@pytest.fixture
def place(make_sshd, short_folder):
    sshd = make_sshd(lines=SECOND_FACTOR, client=(f"ControlPath {short_folder}/mine",))
    place = Place(sshd.options, sshd.alias)
    place.sshd = sshd
    place.configure(interval="1s")
    (place.remote / "a.csv").write_text("1\n")
    yield place
    place.close()


@pytest.fixture
def logs_in(make_sshd, short_folder):
    """Opens the person's own master; their code is not asked for at the door that they use."""
    door = make_sshd()
    persons = []

    def open_master():
        (short_folder / "mine").unlink(missing_ok=True)  # a killed ssh leaves it
        argv = ["ssh", *door.options, "-M", "-N", "-S", str(short_folder / "mine"), "--", door.alias]
        person = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        persons.append(person)
        until((short_folder / "mine").exists, WITHIN_S)
        return person

    yield open_master
    for person in persons:
        person.terminate()
        person.wait()


def host_of(place):
    return client.ask(place.control, request("status"))["status"]["hosts"].get("gpu", {})


def until_status(place, word, within=WITHIN_S):
    until(lambda: host_of(place).get("status") == word, within, f"the host is {word}")


def wish_everything(place):
    for verb in ("pull", "resume", "login", "reload"):
        client.ask(place.control, request(verb, host=None if verb == "reload" else "gpu"), 30)


def test_one_attempt_whatever_is_wished_and_across_restarts(place):
    place.start()
    until_status(place, "needs-login")
    assert place.sshd.attempts() == 1
    said = place.run("status", check=False)
    assert said.returncode == 1
    assert "expsyncd login" in said.stdout
    for _ in range(3):
        wish_everything(place)
    until_status(place, "needs-login")
    place.stop()
    place.start()
    until_status(place, "needs-login")
    wish_everything(place)
    # Another interval for the same host: it starts anew, and remembers.
    place.configure(interval="7s")
    until(lambda: "1 changed" in place.log() or "hosts.yaml applied" in place.log(), WITHIN_S)
    until_status(place, "needs-login")
    assert place.sshd.attempts() == 1


def test_the_persons_master_is_adopted_at_once_and_its_death_costs_no_attempt(place, logs_in):
    place.start()
    until_status(place, "needs-login")
    person = logs_in()
    until_status(place, "connected", within=ADOPTED_WITHIN_S)
    until(lambda: content(place.mirror) == {b"a.csv": b"1\n"}, WITHIN_S)
    assert host_of(place)["adopted"]
    assert "your own ssh login" in place.run("status", check=False).stdout
    person.kill()
    person.wait()
    until_status(place, "needs-login")
    for _ in range(3):
        wish_everything(place)
    assert place.sshd.attempts() == 1
    assert place.log().count("second factor") == 2, "one line for each time it began to need a login"
    person = logs_in()
    until_status(place, "connected", within=ADOPTED_WITHIN_S)
    said = place.run("stop").stdout
    assert "your ssh logins stay open: gpu" in said
    assert place.daemon.wait(WITHIN_S) == 0
    place.daemon = None
    assert person.poll() is None, "theirs outlives us"


def test_one_desktop_notice(place):
    told = place.base / "told"
    program = place.base / "bin/notify-send"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nprintf "%s|" "$@" >>{told}\necho >>{told}\n')
    program.chmod(0o755)
    place.environment["PATH"] = f"{program.parent}:{place.environment['PATH']}"
    place.environment["DBUS_SESSION_BUS_ADDRESS"] = f"unix:path={place.base}/no-bus"
    place.start()
    until_status(place, "needs-login")
    until(told.exists, WITHIN_S)
    wish_everything(place)
    until_status(place, "needs-login")
    place.stop()
    (line,) = told.read_text().splitlines()[:1]
    assert "expsyncd: gpu|the host wants a second factor" in line
    assert told.read_text().count("expsyncd: gpu") == 1
    assert "expsyncd login" in told.read_text()


def test_without_a_desktop_nothing_is_started(place):
    place.start()
    until_status(place, "needs-login")
    assert place.stop() == 0
    assert "notify-send" not in place.log()
