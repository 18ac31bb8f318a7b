"""The agent by itself, down a pipe: what it tells of changes, what it does at its limits, and that it ends."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import pytest

from expsyncd.follow.agent import disks
from expsyncd.follow.frames import Check, Chunk, Mode, Name
from support.agents import Agent, oldest
from support.wait import until

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "logs"
    place.mkdir()
    return place


@pytest.fixture
def agent():
    with Agent() as agent:
        yield agent


def append(path, content):
    with path.open("ab") as file:
        file.write(content)


def chunk_of(path):
    return lambda m: isinstance(m, Chunk) and m.path == path


def name_of(path):
    return lambda m: isinstance(m, Name) and m.path == path


def test_it_runs_on_the_oldest_python_that_is_here(folder):
    version, python = oldest()
    print(f"the oldest Python here is {version}")
    with Agent(python) as agent:
        assert agent.follow(folder).mode == "following"
        append(folder / "m.csv", b"1\n")
        assert agent.until(chunk_of(b"m.csv"), 20, "the chunk").payload == b"1\n"
        (folder / "new" / "deep").mkdir(parents=True)
        (folder / "new" / "deep" / "i.png").write_bytes(b"png")
        agent.until(name_of(b"new/deep/i.png"), 20, "the image")
        assert agent.ping().quiet in (True, False)
        agent.child.stdin.close()
        assert agent.child.wait(5) == 0
        assert agent.child.stderr.read() == b""


def test_growth_rewriting_and_renaming(agent, folder):
    log = folder / "run" / "events.out.tfevents.1"
    log.parent.mkdir()
    log.write_bytes(b"abc")
    assert agent.follow(folder) == Mode(1, "following", 1, 2, "")
    append(log, b"de")
    first = agent.until(chunk_of(b"run/events.out.tfevents.1"), 20, "growth")
    assert (first.offset, first.payload, first.size) == (0, b"abcde", 5)
    assert first.inode == log.stat().st_ino
    append(log, b"f")
    second = agent.until(chunk_of(b"run/events.out.tfevents.1"), 20, "growth")
    assert (second.offset, second.before, second.payload, second.live) == (5, 5, b"f", True)
    agent.until(lambda m: isinstance(m, Check) and m.size == 6, 20, "it is compared when it rests")
    os.truncate(log, 2)
    assert agent.until(name_of(b"run/events.out.tfevents.1"), 20, "a shrink").size == 2
    (folder / "run").rename(folder / "other")
    agent.until(chunk_of(b"other/events.out.tfevents.1"), 20, "what moved here")
    append(folder / "other" / log.name, b"xyz")
    found = agent.until(
        lambda m: chunk_of(b"other/events.out.tfevents.1")(m) and m.size == 5, 20, "growth there"
    )
    assert found.payload in (b"xyz", b"abxyz")


def test_files_made_while_their_folder_is_new_are_not_missed(agent, folder):
    agent.follow(folder)
    for number in range(30):
        inner = folder / f"run{number}" / "a" / "b"
        inner.mkdir(parents=True)
        (inner / "m.csv").write_bytes(b"1")
        (inner / "i.png").write_bytes(b"1")
    want = {f"run{n}/a/b/{name}".encode() for n in range(30) for name in ("m.csv", "i.png")}

    def all_told():
        agent.read()
        return want <= {m.path for m in agent.messages if isinstance(m, Chunk | Name)}

    until(all_told, 40, "all are told")


def test_what_is_excluded_is_neither_watched_nor_told(agent, folder):
    (folder / "wandb" / "deep").mkdir(parents=True)
    (folder / "keep").mkdir()
    assert agent.follow(folder, exclude=("wandb",)).watches == 2
    append(folder / "wandb" / "deep" / "m.csv", b"1")
    append(folder / "keep" / "m.csv", b"1")
    agent.until(chunk_of(b"keep/m.csv"), 20, "what is not excluded")
    agent.ping()
    assert not [m for m in agent.messages if isinstance(m, Chunk | Name) and m.path.startswith(b"wandb")]


def test_odd_names_come_as_they_are(agent, folder):
    agent.follow(folder)
    names = [b"\xff\xfe.csv", b"new\nline.csv", b"--dash.csv", b"'quote\".csv", b"n" * 251 + b".csv"]
    for name in names:
        with open(os.fsencode(folder) + b"/" + name, "wb") as file:
            file.write(b"1")

    def told():
        agent.read()
        return set(names) <= {m.path for m in agent.messages if isinstance(m, Chunk)}

    until(told, 20)


def test_a_source_that_leaves_and_comes_back(agent, folder):
    agent.follow(folder)
    away = folder.with_name("away")
    folder.rename(away)
    agent.until(lambda m: isinstance(m, Mode) and m.mode == "missing", 20, "missing")
    away.rename(folder)
    back = agent.until(lambda m: isinstance(m, Mode) and m.mode == "following", 10, "back")
    assert back.starts == 2
    append(folder / "m.csv", b"1")
    agent.until(chunk_of(b"m.csv"), 20, "followed again")


def test_two_sources_one_in_the_other(agent, folder):
    (folder / "in").mkdir()
    agent.follow(folder)
    agent.follow(folder / "in", number=2)
    append(folder / "in" / "m.csv", b"1")

    def told():
        agent.read()
        return {(1, b"in/m.csv"), (2, b"m.csv")} <= {
            (m.source, m.path) for m in agent.messages if isinstance(m, Chunk)
        }

    until(told, 20)


def test_a_limit_of_bytes_a_second_is_kept(agent, folder):
    agent.follow(folder, bwlimit=100_000)
    append(folder / "m.csv", b"x" * 50_000)
    append(folder / "n.csv", b"x" * 50_000)
    began = time.monotonic()
    for name in (b"m.csv", b"n.csv"):
        agent.until(chunk_of(name), 20, "each comes")
    append(folder / "m.csv", b"y")
    agent.until(lambda m: chunk_of(b"m.csv")(m) and m.size == 50_001, 20, "and what follows")
    assert time.monotonic() - began > 0.9, "100 kB take a second"


def test_a_reader_that_does_not_read_makes_it_no_larger(agent, folder):
    agent.follow(folder)
    content = b"x" * 100_000
    for number in range(200):
        append(folder / f"m{number}.csv", content)
    # Nothing is read meanwhile: 20 MB stay on the disk, the agent keeps names.
    deadline = time.monotonic() + 2
    until(lambda: time.monotonic() > deadline, 3)
    with open(f"/proc/{agent.child.pid}/status") as file:
        resident_kb = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
    assert resident_kb < 30_000
    want = {b"m%d.csv" % number for number in range(200)}

    def all_told():
        agent.read()
        return want <= {m.path for m in agent.messages if isinstance(m, Chunk) and m.size == len(content)}

    until(all_told, 20, "once there is a reader all of it comes")


def test_events_that_the_kernel_dropped_make_it_take_all_in_anew(agent, folder):
    (folder / "run").mkdir()
    agent.follow(folder)
    agent.child.send_signal(signal.SIGSTOP)
    for number in range(9000):  # each is two events at least, and 16,384 are kept
        (folder / "run" / f"i{number}.png").touch()
    (folder / "unseen").mkdir()
    agent.child.send_signal(signal.SIGCONT)
    again = agent.until(lambda m: isinstance(m, Mode) and m.starts == 2, 30, "all is taken in anew")
    assert (again.mode, again.watches) == ("following", 3)
    append(folder / "unseen" / "m.csv", b"1")
    agent.until(chunk_of(b"unseen/m.csv"), 20, "a folder that no event told of")


def test_it_ends_by_its_own_timer(folder):
    with Agent() as agent:
        agent.follow(folder)
        agent.ping(within=1)
        assert agent.child.wait(5) == 0, "nobody spoke to it"


def test_what_it_costs_when_nothing_happens(agent, folder):
    for number in range(50):
        (folder / f"run{number}").mkdir()
    agent.follow(folder)
    agent.ping()
    until(lambda: agent.ping().quiet, 5)

    def ticks():
        with open(f"/proc/{agent.child.pid}/stat") as file:
            return sum(map(int, file.read().rpartition(")")[2].split()[11:13]))

    before, deadline = ticks(), time.monotonic() + 2
    until(lambda: time.monotonic() > deadline, 3)
    assert ticks() - before <= 1, "it sleeps"


# --- where inotify does not see --------------------------------------------------------------------------------


def unshared():
    """argv for a user namespace, where inotify has limits of its own."""
    if shutil.which("unshare") is None:
        return None
    argv = ["unshare", "--user", "--map-root-user"]
    done = subprocess.run([*argv, "true"], capture_output=True, check=False)
    return argv if done.returncode == 0 else None


@pytest.fixture
def few_watches():
    """argv under which a process gets five watches: of its user namespace, never of this machine."""
    argv = unshared()
    if argv is None:
        pytest.skip("user namespaces are not allowed here")
    limited = [*argv, "sh", "-c", 'echo 5 > /proc/sys/user/max_inotify_watches && exec "$@"', "sh"]
    done = subprocess.run([*limited, "true"], capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"the limit cannot be set here: {done.stderr.decode()}")
    return tuple(limited)


def test_too_few_watches(few_watches, folder):
    for number in range(20):
        (folder / f"run{number}").mkdir()
    append(folder / "run7" / "m.csv", b"1\n")
    with Agent(wrapper=few_watches) as agent:
        found = agent.follow(folder, every=0.2)
        assert found.mode == "rescanning"
        assert found.watches == 0
        assert "fs.inotify.max_user_watches" in found.reason
        append(folder / "run7" / "m.csv", b"2\n")
        assert agent.until(chunk_of(b"run7/m.csv"), 20, "found by looking again").payload == b"1\n2\n"
        (folder / "new" / "in").mkdir(parents=True)
        (folder / "new" / "in" / "i.png").write_bytes(b"1")
        agent.until(name_of(b"new/in/i.png"), 20, "a new folder")
        append(folder / "run7" / "m.csv", b"3\n")
        agent.until(lambda m: chunk_of(b"run7/m.csv")(m) and m.size == 6, 20, "again")


def test_file_systems_where_others_write_unseen(folder):
    assert disks.remote_kind(os.fsencode(folder)) == ""
    assert disks.remote_kind(b"/no/such/folder") == ""
    assert {disks.REMOTE[n] for n in (0x6969, 0x0BD00BD0, 0x47504653, 0x19830326, 0x65735546)} == {
        "NFS", "Lustre", "GPFS", "BeeGFS", "FUSE",
    }  # fmt: skip
