"""`expsyncd resume` tries a host that waits now, and keeps the limit of attempts a minute."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from support.place import Place
from support.relay import Relay
from support.wait import until

SOON_S = 3.0
FAR_S = 6.0  # by itself the next attempt would come later than what is asked for
MOST_ATTEMPTS = 6

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
def relay(sshd):
    found = Relay(sshd.port)
    yield found
    found.close()


@pytest.fixture
def place(sshd, relay):
    known_as = f"HostKeyAlias=[127.0.0.1]:{sshd.port}"
    place = Place([*sshd.options, "-p", str(relay.port), "-o", known_as], sshd.alias)
    place.configure(interval="60s")
    yield place
    place.close()


def host(place):
    return (place.status() or {"hosts": {}})["hosts"].get("gpu", {})


def waits_long(place):
    found = host(place)
    if found.get("status") != "waiting":
        return False
    next_at = datetime.fromisoformat(found["next_at"])
    return (next_at - datetime.now(UTC)).total_seconds() > FAR_S


def test_resume_tries_now(place, relay, sshd):
    relay.reset(every_new_one=True)
    place.start()
    until(lambda: waits_long(place), 30, "it waits")
    relay.flow()
    place.run("resume", "gpu")
    until(lambda: host(place).get("status") == "connected", SOON_S, "connected")
    assert place.stop() == 0


def test_whoever_resumes_all_the_time_knocks_six_times_a_minute(place, relay):
    relay.reset(every_new_one=True)
    place.start()
    for _ in range(2 * MOST_ATTEMPTS):
        place.run("resume", "gpu")
    until(lambda: waits_long(place), 30, "the minute is used up")
    assert relay.taken <= MOST_ATTEMPTS
    assert place.stop() == 0
