"""Pulls again and again beside a follower and a fast writer: always a beginning, never shorter, equal at the end."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from expsyncd.control.client import stream
from expsyncd.control.protocol import request
from support.place import Place
from support.wait import until

if TYPE_CHECKING:
    from pathlib import Path

SECONDS = float(os.environ.get("EXPSYNCD_BESIDE_S", "6"))
CHUNKS = (1, 40, 1000, 9000)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + 3 * SECONDS)]


@pytest.fixture
def place(make_sshd):
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    place.configure(interval="1s")
    yield place
    place.close()


class Writer:
    """Appends to a file of the host as fast as a training that logs every step, in chunks of any size."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.written = b""
        self.end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        file.write_bytes(b"")
        self._thread.start()

    def _run(self) -> None:
        with self.file.open("ab", buffering=0) as file:
            number = 0
            while not self.end.wait(0.001):
                chunk = os.urandom(CHUNKS[number % len(CHUNKS)])
                self.written += chunk
                file.write(chunk)
                number += 1

    def close(self) -> None:
        self.end.set()
        self._thread.join()


class Reader:
    """Looks at the copy all the time; what it read was never shorter than before."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.looks: list[bytes] = []
        self.wrong = ""
        self.end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="reader", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        longest = b""
        inode = 0
        while not self.end.wait(0.002):
            try:
                found, now = self.file.read_bytes(), self.file.stat().st_ino
            except FileNotFoundError:
                continue
            if not found.startswith(longest):
                self.wrong = (
                    self.wrong or f"{len(longest)} bytes, then {len(found)} that do not begin with them"
                )
            if inode not in (0, now):
                self.wrong = self.wrong or "another inode"
            if len(found) > len(longest):
                self.looks.append(found)
            longest, inode = found, now

    def close(self) -> None:
        self.end.set()
        self._thread.join()


def test_pulls_and_follower_never_harm_a_growing_file(place):
    writer = Writer(place.remote / "events.out.tfevents.1")
    reader = Reader(place.mirror / "events.out.tfevents.1")
    pulls = 0
    try:
        place.start()
        place.until_fresh()
        until(lambda: place.source()["follow"]["healthy"], 20, "followed")
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            outcomes = [e for e in stream(place.control, request("pull"), 30) if e.get("event") == "outcome"]
            assert [o["outcome"] for o in outcomes] == ["complete"]
            pulls += 1
        writer.close()
        until(lambda: reader.file.read_bytes() == writer.written, 10, "equal")
    finally:
        writer.close()
        reader.close()
    assert reader.wrong == ""
    assert all(writer.written.startswith(look) for look in reader.looks)
    assert len(reader.looks) > pulls
    assert place.run("versions", "--json").stdout.strip() in ("[]", '{"versions": []}', "")
    print(f"{pulls} pulls in {SECONDS:.0f} s, {len(reader.looks)} lengths seen, {len(writer.written)} bytes")


def on_its_way(place):
    return [file for file in (place.root / ".incoming").rglob("*") if file.is_file()]


def test_metrics_of_others_flow_while_something_big_comes(place):
    """The figures are the bench's (scale.py); here they only have to arrive before the big one has."""
    place.configure(interval="10m", sources=f"[{{path: {place.remote}, name: remote, bwlimit: 4MB}}]")
    runs = [place.remote / f"run{number}" / "events.out.tfevents.1" for number in range(3)]
    for run in runs:
        run.parent.mkdir()
        run.write_bytes(b"first")
    place.start()
    place.until_fresh()
    until(lambda: place.source()["follow"]["healthy"], 20, "followed")
    (place.remote / "archive.bin").write_bytes(os.urandom(40_000_000))
    until(lambda: on_its_way(place), 20, "the big file is on its way")
    waits = []
    for number in range(30):
        run = runs[number % len(runs)]
        with run.open("ab") as file:
            file.write(os.urandom(1000))
        written = time.monotonic()
        here = place.mirror / run.relative_to(place.remote)
        until(lambda here=here, run=run: here.stat().st_size == run.stat().st_size, 10, "a metric is here")
        waits.append(time.monotonic() - written)
    assert on_its_way(place), "the big file came too soon to tell"
    print("arrivals during the big pull, ms:", [round(1000 * wait) for wait in sorted(waits)])
    place.until_equal(60)
