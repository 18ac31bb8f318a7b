"""A hundred hosts are lost in one instant and come back in another: spread out, none knocks more than it must."""

from __future__ import annotations

from collections import Counter
from time import monotonic

import pytest

from expsyncd.control.client import ask
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from support.place import Place
from support.wait import until

HOSTS = 100
LOOK_S = 0.3  # a look is not to cost what is looked at
# What sshd does by default: beyond ten logins under way it drops one in three, and ever more.
MAX_STARTUPS = "10:30:100"
ALL_WITHIN_S = 25.0
# Without turns it drops more than a quarter in the first seconds.
FEW = HOSTS // 20

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture
def place(leak_guard, make_sshd, no_agent, tmp_path):
    # An empty home: this login's start files, a hundred times, would be what is measured.
    sshd = make_sshd(lines=(f"MaxStartups {MAX_STARTUPS}", f"SetEnv HOME={tmp_path}"))
    names = [f"gpu{number}" for number in range(HOSTS)]
    config = tmp_path / "ssh_config"  # the sshd writes its own anew when it starts
    config.write_text(
        sshd.config_file.read_text().replace(f"Host {sshd.alias}\n", f"Host {' '.join(names)}\n")
    )
    place = Place(["-F", str(config)], names[0])
    place.sshd = sshd
    (place.remote / "train.log").write_text("line\n")
    place.configure(interval="60s")
    text = place.config_file.read_text()
    hosts = "".join(f"  {name}:\n    sources: [{{path: {place.remote}, name: logs}}]\n" for name in names)
    place.config_file.write_text(text[: text.index("hosts:")] + "hosts:\n" + hosts)
    yield place
    place.close()


class Hosts:
    """How many hosts have which status."""

    def __init__(self, place):
        self._place = place
        self._at = 0.0
        self._seen: Counter[str] = Counter()

    def __getitem__(self, word):
        if monotonic() - self._at > LOOK_S:
            try:
                hosts = ask(self._place.control, request("status"), 10)["status"]["hosts"].values()
            except Error:
                hosts = []
            self._seen = Counter(host["status"] for host in hosts)
            self._at = monotonic()
        return self._seen[word]


def test_a_hundred_hosts_return(place):
    hosts = Hosts(place)
    place.start()
    until(lambda: hosts["connected"] == HOSTS, 90, "all are connected")
    assert place.sshd.log().count("drop connection") <= FEW
    place.sshd.stop()
    until(lambda: hosts["waiting"] == HOSTS, 30, "all are waiting")
    down = monotonic()
    until(lambda: monotonic() - down > 20, 30)  # so that they are amid their attempts, not at the first
    before = len(place.sshd.log())
    place.sshd.start()
    began = monotonic()
    until(lambda: hosts["connected"] >= HOSTS // 2, ALL_WITHIN_S, "half are back")
    half_s = monotonic() - began
    until(lambda: hosts["connected"] == HOSTS, ALL_WITHIN_S, "all are back")
    log = place.sshd.log()[before:]
    dropped, taken = log.count("drop connection"), log.count("Connection from")
    print(
        f"{HOSTS} hosts: half back after {half_s:.1f} s, all after {monotonic() - began:.1f} s; "
        f"{taken} connections taken, {dropped} dropped by MaxStartups {MAX_STARTUPS}"
    )
    assert dropped <= FEW
    assert taken <= HOSTS + FEW
    assert place.stop() == 0
