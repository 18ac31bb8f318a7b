"""A wrong key, a changed host key, a gateway with a changed key: met once, then left alone until they are mended."""

from __future__ import annotations

import os

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from support.place import Place
from support.sshd import make_key
from support.wait import throughout, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

WITHIN_S = 30
WISHES_S = float(os.environ.get("EXPSYNCD_WISHES_S", "90"))


def change_key(sshd):
    """A new host key; what known_hosts holds stays. Returns the line that mends it."""
    known = sshd.known_hosts.read_text()
    sshd.stop()
    make_key(sshd.folder / "host_key")
    sshd.start()
    mended = sshd.known_hosts.read_text()
    sshd.known_hosts.write_text(known)
    return mended


@pytest.fixture
def hosts(make_sshd):
    wrong = make_sshd(alias="wrong")
    wrong.authorized_keys.write_text("")
    changed = make_sshd(alias="changed")
    gate = make_sshd(alias="gate")
    behind = make_sshd(alias="behind", jump=gate)
    found = {host.alias: host for host in (wrong, changed, gate, behind)}
    behind.config_file.write_text("".join(host.config_file.read_text() for host in found.values()))
    return found


@pytest.fixture
def place(hosts):
    place = Place(hosts["behind"].options, "behind")
    (place.remote / "a.csv").write_text("1\n")
    place.configure(interval="1s")
    place.config_file.write_text(
        place.config_file.read_text().partition("hosts:")[0]
        + "hosts:\n"
        + "".join(
            f"  {name}: {{sources: [{{path: {place.remote}, name: r}}]}}\n"
            for name in ("wrong", "changed", "behind")
        )
    )
    yield place
    place.close()


def shown(place):
    return client.ask(place.control, request("status"))["status"]["hosts"]


def until_status(place, host, word):
    until(lambda: shown(place)[host]["status"] == word, WITHIN_S, f"{host} is {word}")


def test_met_once_and_left_alone(hosts, place):
    mended = {name: change_key(hosts[name]) for name in ("changed", "gate")}
    place.start()
    for name in ("wrong", "changed", "behind"):
        until_status(place, name, "failed")
    before = {name: hosts[name].attempts() for name in hosts}
    assert before["wrong"] == before["changed"] == before["gate"] == 1
    assert before["behind"] == 0

    def pulls_are_wished():
        for name in ("wrong", "changed", "behind"):
            client.ask(place.control, request("pull", host=name), WITHIN_S)
        return {name: hosts[name].attempts() for name in hosts} == before

    throughout(pulls_are_wished, WISHES_S, "no further attempt")
    for name in ("changed", "gate"):
        assert "Accepted" not in hosts[name].log(), "no login, so no traffic"
    for name, at in (("changed", ""), ("behind", "at the gateway gate")):
        title = shown(place)[name]["error"]["title"]
        assert at in title
        assert title.count("SHA256:") == 2, title
    assert place.log().count("has changed") == 2, "one message each"
    assert place.log().count("wrong: permission denied") == 1

    for name, text in mended.items():
        hosts[name].known_hosts.write_text(text)
    until_status(place, "changed", "connected")
    until_status(place, "behind", "connected")
    wrong = hosts["wrong"]
    wrong.authorized_keys.write_bytes((wrong.folder / "id.pub").read_bytes())
    assert place.run("resume", "wrong").stdout
    until_status(place, "wrong", "connected")
