"""Hosts that ask for a one-time code: never nagged, logged in to once, used until that login is gone."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from support import two_factor
from support.place import Place, content, free_port
from support.two_factor import LINES, SecondFactor, Terminal
from support.wait import throughout, until

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(1500)]

WITHIN_S = 30
ADOPTED_WITHIN_S = 5
WISHES_S = float(os.environ.get("EXPSYNCD_WISHES_S", "90"))
CODE = "One-time password"


@pytest.fixture
def factor(tmp_path):
    if reason := two_factor.missing():
        pytest.skip(reason)
    return SecondFactor(tmp_path)


@pytest.fixture
def place_of(short_folder):
    made = []

    def make(sshd) -> Place:
        place = Place(sshd.options, sshd.alias)
        place.sshd = sshd
        (place.remote / "a.csv").write_text("1\n")
        made.append(place)
        return place

    yield make
    for place in made:
        for socket in (place.base / "run/expsyncd/cm").glob("*"):
            subprocess.run(["ssh", "-S", str(socket), "-O", "exit", "x"], check=False, capture_output=True)
        place.close()


def hosts_of(place):
    return client.ask(place.control, request("status"))["status"]["hosts"]


def until_status(place, word, within=WITHIN_S, host="gpu"):
    until(lambda: hosts_of(place)[host]["status"] == word, within, f"{host} is {word}")


def wish(place):
    for verb in ("pull", "resume", "login"):
        client.ask(place.control, request(verb, host="gpu"), WITHIN_S)
    return True


def log_in(place, factor, host):
    terminal = Terminal([sys.executable, "-m", "expsyncd.cli.main", "login", host], place.environment)
    terminal.until(CODE)
    terminal.type(factor.code())
    assert terminal.end() == 0, terminal.said
    assert "is logged in" in terminal.said
    return terminal.said


def masters_of(place):
    found = []
    for socket in (place.base / "run/expsyncd/cm").iterdir():
        argv = ["ssh", "-S", str(socket), "-O", "check", "x"]
        said = subprocess.run(argv, check=False, capture_output=True, text=True).stderr
        found += [int(pid) for pid in re.findall(r"pid=(\d+)", said)]
    return found


@pytest.fixture
def page(tmp_path):
    """The port of something that answers HTTP."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_):
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as http:
        thread = threading.Thread(target=http.serve_forever, name="page", daemon=True)
        thread.start()
        yield http.server_address[1]
        http.shutdown()
        thread.join()


def test_a_code_typed_once(make_sshd, factor, place_of, short_folder, page):
    sshd = make_sshd(lines=LINES, wrapper=factor.wrapper, client=(f"ControlPath {short_folder}/mine",))
    place = place_of(sshd)
    place.configure(interval="1s")
    port = free_port()
    text = place.config_file.read_text()
    place.config_file.write_text(f"{text}    forwards: [{{local: {port}, remote: '127.0.0.1:{page}'}}]\n")
    place.start()
    until_status(place, "needs-login")
    assert sshd.attempts() == 1, "finding out costs one attempt"
    throughout(lambda: wish(place) and sshd.attempts() == 1, WISHES_S, "no attempt whatever is wished")

    log_in(place, factor, "gpu")
    until(lambda: content(place.mirror) == {b"a.csv": b"1\n"}, WITHIN_S)
    until(lambda: "open" in {t["status"] for t in hosts_of(place)["gpu"]["tunnels"].values()}, WITHIN_S)
    assert sshd.attempts() == 2
    assert "connected" in place.run("login", "gpu").stdout, "there is nothing to log in to"

    (master,) = masters_of(place)
    os.kill(master, signal.SIGKILL)
    until_status(place, "needs-login")
    throughout(
        lambda: wish(place) and sshd.attempts() == 2, WISHES_S / 3, "no attempt after the master's death"
    )
    notices = [line for line in place.log().splitlines() if "`expsyncd login gpu`" in line]
    assert len(notices) == 2, f"one line each time it began to need a login: {notices}"
    assert hosts_of(place)["gpu"]["sources"]["remote"]["status"] == "stale"

    person = Terminal(["ssh", *sshd.options, "-M", "-N", "--", sshd.alias], place.environment)
    person.until(CODE)
    person.type(factor.code())
    until((short_folder / "mine").exists, WITHIN_S)
    until_status(place, "connected", within=ADOPTED_WITHIN_S)
    place.until_fresh()
    assert place.stop() == 0
    check = ["ssh", *sshd.options, "-O", "check", sshd.alias]
    assert subprocess.run(check, check=False, capture_output=True).returncode == 0, "theirs outlives us"
    subprocess.run(["ssh", *sshd.options, "-O", "exit", sshd.alias], check=False, capture_output=True)
    person.end()


def test_a_gateway_with_a_code_is_logged_in_to_once_for_all_behind_it(make_sshd, factor, place_of):
    gate = make_sshd(alias="gate", lines=LINES, wrapper=factor.wrapper)
    inner = [make_sshd(alias=f"inner{number}", jump=gate) for number in range(3)]
    text = "".join(host.config_file.read_text() for host in inner)
    inner[-1].config_file.write_text(text)
    place = place_of(inner[-1])
    place.configure(interval="1s")
    place.config_file.write_text(
        place.config_file.read_text().partition("hosts:")[0]
        + "hosts:\n"
        + "".join(f"  {host.alias}: {{sources: [{{path: {place.remote}, name: r}}]}}\n" for host in inner)
    )
    place.start()
    for host in inner:
        until_status(place, "needs-login", host=host.alias)
    shown = hosts_of(place)["inner0"]["error"]
    assert "at the gateway gate" in shown["title"]
    assert shown["advice"] == "run `expsyncd login gate`"
    assert gate.attempts() == 1, "one attempt for all"

    # The host key of what lies behind is not known yet: it is shown and asked for in the same terminal.
    inner[-1].known_hosts.write_text("")
    argv = [sys.executable, "-m", "expsyncd.cli.main", "login", "inner2"]
    terminal = Terminal(argv, place.environment)
    terminal.until(CODE)
    terminal.type(factor.code())
    terminal.until("Are you sure you want to continue connecting")
    argv = ["ssh-keygen", "-lf", str(inner[-1].folder / "host_key.pub")]
    print_ = subprocess.run(argv, check=True, capture_output=True, text=True).stdout.split()[1]
    assert print_ in terminal.said
    terminal.type("yes")
    assert terminal.end() == 0, terminal.said
    for host in inner:
        until_status(place, "connected", host=host.alias)
    assert gate.attempts() == 2
    try:
        until(lambda: len(list(place.root.glob("mirror/*/r/a.csv"))) == len(inner), WITHIN_S)
    finally:
        print(place.log(), hosts_of(place), list(place.root.rglob("*")))
