import socket

import pytest

from expsyncd.systemd import BEAT_S, TICK_LATE_S, Notifier


@pytest.fixture
def manager(tmp_path_factory):
    folder = tmp_path_factory.mktemp("n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(folder / "s"))
        listening.settimeout(1)
        yield listening, str(folder / "s")


def received(listening):
    found = []
    listening.setblocking(False)
    try:
        while True:
            found.append(listening.recv(4096).decode())
    except BlockingIOError:
        return found


def test_the_life_of_a_service(manager):
    listening, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"})
    assert notifier.beat_every_s == 1.0
    notifier.ready()
    assert notifier.alive(0.0, "1 of 1 hosts connected")
    assert notifier.alive(0.0, "1 of 1 hosts connected")
    notifier.reloading()
    notifier.stopping()
    said = received(listening)
    assert said[:4] == ["READY=1", "STATUS=1 of 1 hosts connected", "WATCHDOG=1", "WATCHDOG=1"]
    assert said[4].startswith("RELOADING=1\nMONOTONIC_USEC=")
    assert said[5] == "STOPPING=1"


def test_a_stuck_ticker_starves_the_watchdog(manager):
    listening, address = manager
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "3000000"})
    assert not notifier.alive(TICK_LATE_S + 1, "x")
    assert "WATCHDOG=1" not in received(listening)


def test_abstract_addresses():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind("")  # the kernel chooses an abstract name
        name = listening.getsockname().decode()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:]}).ready()
        assert received(listening) == ["READY=1"]


def test_without_a_manager_nothing_happens():
    notifier = Notifier({})
    notifier.ready()
    assert notifier.beat_every_s == BEAT_S
    Notifier({"NOTIFY_SOCKET": "/nowhere/at/all"}).ready()
