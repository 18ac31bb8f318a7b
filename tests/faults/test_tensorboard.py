"""What can befall TensorBoard: the real daemon heals it, the page keeps its port, curves are complete again.

`make faults` prints the time from each fault to complete curves; docs/tensorboard.md keeps them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.eventfiles.framing import HEAD, TAIL, framed
from expsyncd.tensorboard import record
from support.place import Place, free_port
from support.tensorboards import Training, children_of, lives, runs, steps
from support.wait import until

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]
START_S = 40
PATIENCE = 3  # a loaded machine gets that many times the aim before it is an error


class Laptop(Place):
    """A daemon without hosts, over a mirror that the test writes as pulls do, and its TensorBoard."""

    def __init__(self) -> None:
        super().__init__([], "none")
        self.port = free_port()
        self.tb = self.root / "mirror" / "gpu" / "tb"
        self.training = Training(self.base / "host")
        self.training.write(range(100))
        self.whole = self.training.file.read_bytes()

    def configure_board(self, **options: str) -> None:
        words = "".join(f", {name}: {value}" for name, value in options.items())
        self.config_file.write_text(
            f"root: {self.root}\nmin_free: 1MB\ntensorboard: {{port: {self.port}{words}}}\n"
        )

    def begin(self, *names: str) -> None:
        """The daemon with these runs, all of which TensorBoard shows."""
        self.start()
        for name in names:
            self.training.grow(self.file(name))
        until(
            lambda: self.board()["status"] == "serving" and all(self.complete(name) for name in names),
            START_S,
        )

    def file(self, run: str) -> Path:
        return self.tb / run / "events.out.tfevents.1"

    def ask(self, do: str, **more: object):
        return client.ask(self.control, request(do, **more))

    def board(self):
        return self.ask("status")["status"]["tensorboard"]

    def complete(self, run: str, until_step: int = 100) -> bool:
        return steps(int(self.board()["url"].rpartition(":")[2]), f"gpu/{run}") == list(range(until_step))

    def processes(self) -> tuple[int, int]:
        """TensorBoard and its data server."""
        pid = self.board()["pid"]
        (loader,) = until(lambda: children_of(pid), 5)
        return pid, loader


@pytest.fixture
def laptop():
    found = Laptop()
    found.configure_board()
    yield found
    found.training.close()
    found.close()


@pytest.fixture(scope="module")
def calm():
    """One for all tests in which no process is lost; each has runs of its own."""
    found = Laptop()
    found.configure_board()
    found.begin("b")
    yield found
    found.training.close()
    found.close()


@pytest.fixture(scope="module")
def times():
    """Seconds to heal by what befell it, with the aim; printed at the end."""
    found: dict[str, tuple[float, float]] = {}
    yield found
    print("\n\n| what befell it | aim | healed after |\n|---|---|---|")
    for what, (aim, seconds) in found.items():
        print(f"| {what} | {aim:g} s | {seconds:.1f} s |")


def healed(times, what, aim, since, condition):
    until(condition, aim * PATIENCE, what)
    times[what] = (aim, time.monotonic() - since)


@pytest.mark.faults
@pytest.mark.parametrize(
    ("what", "which", "number"),
    [
        ("the main process is killed", 0, signal.SIGKILL),
        ("the main process hangs", 0, signal.SIGSTOP),
        ("the data server is killed", 1, signal.SIGKILL),
        ("the data server hangs", 1, signal.SIGSTOP),
    ],
)
def test_a_process_is_lost(laptop, times, what, which, number):
    laptop.begin("a")
    before = laptop.processes()
    since = time.monotonic()
    os.kill(before[which], number)
    healed(
        times,
        what,
        10,
        since,
        lambda: laptop.board()["pid"] not in (None, before[0]) and laptop.complete("a"),
    )
    assert laptop.board()["url"].endswith(f":{laptop.port}")
    assert not any(lives(pid) for pid in before)


def end_of(content: bytes, number: int) -> int:
    """Where record `number` ends."""
    at = 0
    for _ in range(number):
        at += HEAD + int.from_bytes(content[at : at + 8], "little") + TAIL
    return at


def damaged(content: bytes, kind: str) -> tuple[bytes, int]:
    """A file that TensorBoard gives up, and where; all keep the beginning of `content`, some its length."""
    at = end_of(content, 51)
    if kind == "length":
        return content[: at + 8] + bytes([content[at + 8] ^ 1]) + content[at + 9 :], at
    if kind == "data":
        return content[: at + HEAD] + bytes([content[at + HEAD] ^ 0xFF]) + content[at + HEAD + 1 :], at
    if kind == "zeros":
        return content[:at] + bytes(len(content) - at), at
    return content[:at] + b"what a full disk left there", at


def put(laptop, run: str, content: bytes) -> Path:
    file: Path = laptop.file(run)
    file.parent.mkdir(parents=True)
    file.write_bytes(content)
    return file


def mend(file: Path, content: bytes, how: str) -> None:
    if how == "in place":
        with file.open("r+b") as opened:
            opened.write(content)
    else:
        fresh = file.with_name("fresh")
        fresh.write_bytes(content)
        fresh.replace(file)


def test_dead_files_are_named_and_come_back(calm, times):
    whole = calm.whole
    cases = {
        f"{kind}-{how.replace(' ', '-')}": (kind, how)
        for kind in ("length", "data", "zeros", "garbage")
        for how in ("in place", "by rename")
    }
    files, offsets = {}, {}
    for run, (kind, _) in cases.items():
        content, offsets[run] = damaged(whole, kind)
        files[run] = put(calm, run, content)

    def named() -> dict[str, int]:
        return {one["run"].removeprefix("gpu/"): one["offset"] for one in calm.board()["damaged"]}

    until(lambda: offsets.items() <= named().items(), 20)
    assert all(calm.complete(run, 50) for run in cases)
    said = " ".join(calm.run("status").stdout.split())
    assert "is damaged at byte" in said
    assert "more such files" in said
    pid = calm.board()["pid"]
    since = time.monotonic()
    for run, (_, how) in cases.items():
        mend(files[run], whole, how)
    for run, (kind, how) in cases.items():
        healed(times, f"a dead file ({kind}), mended {how}", 15, since, lambda run=run: calm.complete(run))
    until(lambda: not offsets.keys() & named().keys(), 5)
    assert calm.board()["pid"] == pid


def test_a_copy_that_rots_here_is_pulled_anew(make_sshd, times):
    # Size and time stay the same, so no listing tells: TensorBoard does.
    sshd = make_sshd()
    place = Place(sshd.options, sshd.alias)
    try:
        training = Training(place.remote / "a")
        training.write(range(100))
        training.close()
        place.configure(interval="1h", tensorboard=True)
        place.start()
        place.until_fresh()
        place.stop()
        file = place.mirror / "a" / training.file.name
        before = file.stat()
        whole = file.read_bytes()
        broken, _ = damaged(whole, "zeros")
        file.write_bytes(broken)
        os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
        place.start()
        since = time.monotonic()

        def complete() -> bool:
            url = (place.status() or {})["tensorboard"]["url"]
            return bool(url) and steps(int(url.rpartition(":")[2]), "gpu/a") == list(range(100))

        healed(times, "a copy that rots here, from the start of the daemon", 15, since, complete)
        assert file.read_bytes() == whole
        until(lambda: (place.status() or {})["tensorboard"]["damaged"] == [], 5)
    finally:
        place.close()


def test_zeros_that_were_read_before_the_data_came(calm, times):
    # A hole shorter than a record's head is no error yet; with it in its hand TensorBoard chokes on the data.
    file = put(calm, "hole", calm.whole[: end_of(calm.whole, 51)] + bytes(11))
    until(lambda: calm.complete("hole", 50), 10)
    since = time.monotonic()
    mend(file, calm.whole, "in place")
    healed(times, "zeros that were read before the data came", 15, since, lambda: calm.complete("hole"))
    until(lambda: all(one["file"] != str(file) for one in calm.board()["damaged"]), 5)


@pytest.mark.faults
def test_damage_that_stays_is_told_and_nothing_else_suffers(laptop):
    laptop.begin("b")
    whole = laptop.training.file.read_bytes()
    broken, at = damaged(whole, "length")
    file = put(laptop, "a", broken)
    told = [{"run": "gpu/a", "file": str(file), "offset": at}]
    until(lambda: laptop.board()["damaged"] == told, 15)
    laptop.training.write(range(100, 120))
    with file.open("ab") as opened:  # the host's file is damaged as well and grows on
        opened.write(laptop.training.file.read_bytes()[len(whole) :])
    laptop.training.grow(laptop.file("b"))
    until(lambda: laptop.complete("b", 120), 10)
    assert laptop.complete("a", 50)
    assert laptop.board()["damaged"] == told
    first = laptop.board()["pid"]
    os.kill(first, signal.SIGKILL)  # a new TensorBoard says it anew
    until(lambda: laptop.board()["pid"] not in (None, first) and laptop.board()["damaged"] == told, 20)
    file.unlink()
    until(lambda: laptop.board()["damaged"] == [], 10)


def test_a_record_that_is_no_event_is_told_without_an_end(calm):
    # Its checksums are right, so nothing is wrong that we could see: two rests, then it is told.
    file = put(calm, "none", calm.whole + framed(b"\xff" * 50))
    until(lambda: {"run": "gpu/none", "file": str(file), "offset": None} in calm.board()["damaged"], 30)
    until(lambda: calm.complete("none"), 10)


def test_files_that_are_replaced_or_shrink_and_runs_made_anew(calm, times, tmp_path):
    other = Training(tmp_path / "other")
    other.write(range(40))
    other.close()
    content = other.file.read_bytes()
    files = {run: put(calm, run, calm.whole) for run in ("replaced", "shrunk", "anew")}
    until(lambda: all(calm.complete(run) for run in files), 10)
    since = time.monotonic()
    mend(files["replaced"], content, "by rename")
    with files["shrunk"].open("r+b") as opened:
        opened.write(content)
        opened.truncate()
    shutil.rmtree(files["anew"].parent)
    put(calm, "anew", content)
    for run, what in (
        ("replaced", "a replaced file"),
        ("shrunk", "a shrunk file"),
        ("anew", "a run made anew"),
    ):
        healed(times, what, 15, since, lambda run=run: calm.complete(run, 40))


@pytest.mark.faults
def test_its_port_is_stolen_while_it_is_down(laptop, times):
    laptop.begin("a")
    first = laptop.board()["pid"]
    with socket.socket() as thief:
        thief.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        since = time.monotonic()
        os.kill(first, signal.SIGKILL)

        def stolen() -> bool:
            with suppress(OSError):
                thief.bind(("127.0.0.1", laptop.port))
                thief.listen()
                return True
            return False

        until(stolen, 5)
        healed(
            times, "its port is stolen while it is down", 10, since,
            lambda: laptop.board()["pid"] not in (None, first) and laptop.complete("a"),
        )  # fmt: skip
        (notice,) = laptop.board()["notices"]
        assert notice.startswith(f"port {laptop.port} is taken by process {os.getpid()} (")


@pytest.mark.faults
def test_another_tensorboard_is_there_already(laptop, tmp_path):
    (tmp_path / "mine").mkdir()
    argv = [
        sys.executable,
        "-m",
        "tensorboard.main",
        "--logdir",
        "mine",
        f"--port={laptop.port}",
        "--load_fast=false",
    ]
    with subprocess.Popen(argv, cwd=tmp_path, stderr=subprocess.DEVNULL) as other:
        try:
            until(
                lambda: runs(laptop.port) == [] and record.start_time(other.pid) and answers(laptop.port),
                START_S,
            )
            laptop.begin("a")
            (notice,) = laptop.board()["notices"]
            ours = int(laptop.board()["url"].rpartition(":")[2])
            assert notice == (
                f"port {laptop.port} is taken by another TensorBoard (process {other.pid}) over {tmp_path}/mine, "
                f"so TensorBoard is at {ours}"
            )
            assert ours != laptop.port
        finally:
            other.kill()


def answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


@pytest.mark.faults
def test_too_many_runs_for_its_memory(laptop, times):
    # One file of 40,000 points as 60 runs: more than the smallest ceiling holds, half of it does not.
    laptop.configure_board(memory_limit="256MB")
    laptop.training.write(range(100, 40_000))
    content = laptop.training.file.read_bytes()
    laptop.start()
    for number in range(60):
        file = laptop.file(f"r{number:02}")
        file.parent.mkdir(parents=True)
        file.write_bytes(content)
        os.utime(file, (1e9 + number, 1e9 + number))
    since = time.monotonic()
    until(lambda: any("memory_limit" in notice for notice in laptop.board()["notices"]), START_S)
    healed(times, "over its memory: fewer runs are shown", 30, since, lambda: settled(laptop))
    board = laptop.board()
    assert board["runs"] + board["folded"] == 60
    assert f"the newest {board['runs']} runs" in " ".join(board["notices"])
    until(lambda: laptop.complete("r59", 40_000), 10)


def settled(laptop) -> bool:
    board = laptop.board()
    return bool(board["status"] == "serving") and len(runs(laptop.port)) == board["runs"] < 60


@pytest.mark.faults
def test_a_crash_loop_gives_up_with_advice(laptop):
    laptop.begin("a")
    killed = set()
    for _ in range(5):
        pid = until(lambda: (found := laptop.board()["pid"]) not in killed and found, 40)
        killed.add(pid)
        os.kill(pid, signal.SIGKILL)
    until(lambda: laptop.board()["status"] == "failed", 20)
    error = laptop.board()["error"]
    assert error["title"].startswith("TensorBoard keeps ending: TensorBoard was ended by signal 9")
    assert "it is tried again every 60 s" in error["advice"]
    assert json.loads(laptop.run("status", "--json", check=False).stdout)["tensorboard"]["status"] == "failed"
