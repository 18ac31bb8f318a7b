"""Slurm and nvidia-smi are asked over the host's connection: once an interval, whatever happens meanwhile."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from support.place import Place, content
from support.wait import until

pytestmark = pytest.mark.slow

WITHIN_S = 25
S = "\x1f"
ASKED = {"squeue", "sacct", "scontrol", "nvidia-smi"}


class Programs:
    """A folder first on the host's PATH; what is put there counts how often it was called."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        # Everything that this machine has, but the programs that are asked.
        self.rest = folder / "rest"
        self.rest.mkdir()
        for file in Path("/usr/bin").iterdir():
            if file.name not in ASKED:
                (self.rest / file.name).symlink_to(file)
        self.calls = folder / "calls"
        self.calls.mkdir()

    def put(self, name: str, body: str) -> None:
        file = self.bin / name
        file.write_text(f'#!/bin/sh\necho "$$ $*" >>{self.calls}/{name}\n{body}\n')
        file.chmod(0o755)

    def called(self, name: str) -> int:
        file = self.calls / name
        return len(file.read_text().splitlines()) if file.exists() else 0


@pytest.fixture
def programs(tmp_path):
    return Programs(tmp_path)


@pytest.fixture
def place_of(make_sshd, programs):
    places = []

    def make(*lines):
        made = make_sshd(lines=(f"SetEnv PATH={programs.bin}:{programs.rest}", *lines))
        found = Place(made.options, made.alias)
        places.append(found)
        found.sshd = made
        (found.remote / "a.csv").write_text("1\n")
        return found

    yield make
    for found in places:
        found.close()


@pytest.fixture
def place(place_of):
    return place_of()


def configure(place, more):
    place.configure()
    place.config_file.write_text(f"{place.config_file.read_text()}{more}")


def host(place):
    return (place.status() or {}).get("hosts", {}).get("gpu", {})


def squeue_line(folder, job="5", output="", name="gan"):
    fields = (
        job, job, "RUNNING", "2026-11-26T10:00:00", "NONE", "2026-11-26T09:00:00", "1:00:00", "0", "0", "gpu", "n1",
        "(null)", "None", output, output, str(folder), "t.sh", name,
    )  # fmt: skip
    return S.join(fields) + "\n"


def put_slurm(programs, folder, *, jobs=1, squeue=""):
    lines = "".join(squeue_line(folder, str(5 + n), name=f"gan{n}") for n in range(jobs))
    (programs.bin / "answer").write_text(lines)
    programs.put("squeue", squeue or f"cat {programs.bin}/answer")
    programs.put("sacct", "echo 'Slurm accounting storage is disabled' >&2; exit 1")
    programs.put("scontrol", "echo slurm 22.05.8")


def test_jobs_are_in_status_and_their_output_comes(place, programs, tmp_path):
    folder = tmp_path / "work [1]"
    folder.mkdir()
    (folder / "slurm-5.out").write_text("epoch 1\n")
    (folder / "private.txt").write_text("no job says this is its own\n")
    put_slurm(programs, folder)
    configure(place, "    slurm: true\n")
    place.start()
    until(lambda: (host(place).get("jobs") or {}).get("running") == 1, WITHIN_S)
    assert host(place)["jobs"]["error"] is None
    until(lambda: b"epoch 1\n" in content(place.root / "mirror").values(), WITHIN_S)
    (name,) = {os.fsdecode(path.split(b"/")[1]) for path in content(place.root / "mirror")} - {"remote"}
    assert set(content(place.root / "mirror/gpu" / name)) == {b"slurm-5.out"}, "only what the job says"
    assert "1 running, 0 pending" in place.run("status").stdout
    with (folder / "slurm-5.out").open("a") as file:
        file.write("epoch 2\n")
    until(
        lambda: b"epoch 1\nepoch 2\n" in content(place.root / "mirror").values(), WITHIN_S, "by the interval"
    )


def test_at_most_one_query_an_interval_whatever_happens(place, programs, tmp_path):
    put_slurm(programs, tmp_path, jobs=300)
    configure(place, "    slurm: true\n")
    place.start()
    until(lambda: (host(place).get("jobs") or {}).get("running") == 300, WITHIN_S)
    place.run("pull")
    place.run("pause", "gpu")
    place.run("resume", "gpu")
    until(lambda: host(place).get("status") == "connected", WITHIN_S)
    assert place.stop() == 0
    place.start()
    place.until_fresh()
    until(lambda: (host(place).get("jobs") or {}).get("running") == 300, WITHIN_S, "known without asking")
    assert (programs.called("squeue"), programs.called("sacct")) == (1, 1)


def test_a_dead_controller_stalls_nothing_and_is_told_once(place, programs, tmp_path):
    put_slurm(programs, tmp_path, squeue="sleep 300")
    configure(place, "    slurm: true\n    gpus: true\n")
    place.start()
    until(lambda: programs.called("squeue") == 1, WITHIN_S)
    place.until_fresh()
    (place.remote / "a.csv").write_text("1\n2\n")
    until(lambda: content(place.mirror) == {b"a.csv": b"1\n2\n"}, 10, "pulls go on")
    until(lambda: (host(place)["jobs"] or {}).get("error"), 40)
    assert host(place)["jobs"]["error"]["title"] == "squeue: no answer in time"
    assert place.log().count("squeue: no answer in time") == 1
    assert host(place)["status"] == "connected"


def test_a_host_that_allows_one_session_takes_turns(place_of, programs, tmp_path):
    place = place_of("MaxSessions 1")
    put_slurm(programs, tmp_path, squeue=f"sleep 2; cat {programs.bin}/answer")
    configure(place, "    slurm: true\n    gpus: true\n")
    place.start()
    until(lambda: (host(place).get("jobs") or {}).get("running") == 1, WITHIN_S)
    until(lambda: (host(place).get("gpus") or {}).get("error"), WITHIN_S)
    place.until_fresh()
    (place.remote / "a.csv").write_text("1\n2\n")
    until(lambda: content(place.mirror) == {b"a.csv": b"1\n2\n"}, 10, "pulls go on")
    assert host(place)["status"] == "connected"
    assert "refused" not in place.log()


def test_what_is_not_there_is_said_once_with_advice(place):
    configure(place, "    slurm: true\n    gpus: true\n")
    place.start()
    until(
        lambda: (host(place).get("jobs") or {}).get("error") and (host(place).get("gpus") or {}).get("error"),
        WITHIN_S,
    )
    shown = place.run("status").stdout
    assert "squeue is not on the PATH" in shown
    assert "no nvidia-smi there" in shown
    connections = place.sshd.attempts()
    place.config_file.write_text(
        place.config_file.read_text().replace("slurm: true", "slurm: false").replace("gpus: true", "gpus: no")
    )
    until(lambda: host(place)["jobs"] is None and host(place)["gpus"] is None, WITHIN_S)
    assert place.sshd.attempts() == connections, "another question is no reason to connect anew"
    for words in ("squeue is not on the PATH", "no nvidia-smi there"):
        assert place.log().count(words) == 1
    assert place.stop() == 0


GPUS = """\
case "$*" in
  *query-gpu*) echo '0, GPU-aa, NVIDIA A100, 93, 1000, 40960, 61, 250.5'; echo '1, GPU-bb, NVIDIA A100, 0, 0, 40960, 30, [N/A]';;
  *query-compute*) echo "GPU-aa, $(cat PIDFILE), 900, /opt/python";;
esac"""


def test_gpus_and_whose_programs_are_on_them(place, programs, tmp_path):
    (tmp_path / "pid").write_text(str(os.getpid()))
    programs.put("nvidia-smi", GPUS.replace("PIDFILE", str(tmp_path / "pid")))
    configure(place, "    gpus: {interval: 10s}\n")
    place.start()
    until(lambda: (host(place).get("gpus") or {}).get("gpus"), WITHIN_S)
    first, second = host(place)["gpus"]["gpus"]
    assert (first["use_percent"], first["memory_bytes"], first["watts"]) == (93, 1000 << 20, 250.5)
    (process,) = first["processes"]
    assert (process["name"], process["memory_bytes"]) == ("python", 900 << 20)
    assert process["user"], "ps says whose it is"
    assert (second["use_percent"], second["watts"], second["processes"]) == (0, None, [])
    assert "1 of 2 GPUs in use" in place.run("status").stdout
    before = programs.called("nvidia-smi")
    until(
        lambda: programs.called("nvidia-smi") == before + 2, 15, "again after the interval: GPUs and programs"
    )


def test_jobs_are_listed_and_their_output_is_followed_as_it_arrives(place, programs, tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    log = folder / "slurm-5.out"
    log.write_text("epoch 1\n")
    put_slurm(programs, folder, jobs=2)
    place.configure(interval="10m")
    place.config_file.write_text(
        place.config_file.read_text() + "    slurm: true\n    gpus: true\n    follow: false\n"
    )
    place.start()
    until(lambda: (host(place).get("jobs") or {}).get("running") == 2, WITHIN_S)
    found = json.loads(place.run("jobs", "--json").stdout)
    assert [(one["job"], one["name"], one["state"]) for one in found] == [
        ("6", "gan1", "RUNNING"),
        ("5", "gan0", "RUNNING"),
    ]
    assert found[1]["output"] == str(log)
    assert place.run("jobs", "--csv", "gan0").stdout.count("\n") == 2
    listed = place.run("jobs").stdout
    assert "gan0" in listed
    assert "2 jobs; gpu asked " in listed
    until(lambda: b"epoch 1\n" in content(place.root / "mirror").values(), WITHIN_S)
    assert place.run("tail", "5").stdout == "epoch 1\n"

    argv = [sys.executable, "-m", "expsyncd.cli.main", "tail", "-f", "gpu/5"]
    tail = subprocess.Popen(argv, env=place.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        assert tail.stdout.readline() == b"epoch 1\n"
        with log.open("a") as file:
            file.write("\x1b[31mepoch 2\x1b[0m\n")
        assert tail.stdout.readline() == b"epoch 2\n", "long before the interval is over"
        log.write_text("begun anew, and longer than before it was\n")
        assert tail.stdout.readline() == b"begun anew, and longer than before it was\n"
    finally:
        tail.send_signal(signal.SIGINT)
        said = tail.communicate(timeout=10)[1].decode()
    assert tail.returncode == 130
    assert "Traceback" not in said
    assert "replaced on the host" in said
    assert "no host other" in place.run("gpus", "other", check=False).stderr
    assert "no nvidia-smi there" in place.run("gpus").stdout
