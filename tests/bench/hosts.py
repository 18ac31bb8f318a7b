"""Fifty hosts: what they cost at rest, and one cycle of pulls beside `rsync -a` over fresh ssh, eight at a time.

One sshd with an alias and a folder for each host. CPU counts both ends and every process under this one. The hosts'
shells find an empty home: what somebody's .bashrc costs for each command is not what is compared here.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.table import line
from expsyncd.control.client import stream
from expsyncd.control.protocol import request
from support.place import Place, children_of
from support.sshd import Sshd
from support.wait import until

HOSTS = 50
AT_ONCE = 8
RUNS_A_HOST = 5
IMAGES_A_RUN = 10
POINT = b"x" * 60  # about what a scalar takes in an event file
TICKS = os.sysconf("SC_CLK_TCK")
PR_SET_CHILD_SUBREAPER = 36
AIM = "<= 0.33x"


class Spent(NamedTuple):
    """Seconds of the wall clock, of CPU in all, and of it in the daemon's own process."""

    wall: float
    cpu: float
    daemon: float


def times(pid: int) -> tuple[float, float]:
    """CPU seconds of a process itself, and of its children that have ended; zombies count, too."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0, 0.0
    own, ended = int(words[11]) + int(words[12]), int(words[13]) + int(words[14])
    return own / TICKS, ended / TICKS


def all_below() -> float:
    """CPU seconds of everything that this process started so far."""
    return times(os.getpid())[1] + sum(sum(times(pid)) for pid in children_of(os.getpid()))


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory, and the same with shared pages divided among those that share them."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    kilobytes = {words[0]: int(words[1]) for words in map(str.split, lines) if words[-1] == "kB"}
    return kilobytes["Rss:"] / 1000, kilobytes["Pss:"] / 1000


class Fifty:
    """The hosts, the daemon that pulls from them, and the folder that the rival pulls to."""

    def __init__(self, base: Path) -> None:
        self.base = base
        (base / "home").mkdir()
        self.sshd = Sshd(base / "sshd", lines=(f"SetEnv HOME={base}/home",))
        self.place = Place(self.sshd.options, self.sshd.alias)
        self.names = [f"gpu{number}" for number in range(HOSTS)]
        config = self.sshd.config_file
        aliases = f"Host {self.sshd.alias} {' '.join(self.names)}\n"
        config.write_text(config.read_text().replace(f"Host {self.sshd.alias}\n", aliases))
        for name in self.names:
            for run in range(RUNS_A_HOST):
                folder = self.place.remote / name / f"run{run}"
                folder.mkdir(parents=True)
                (folder / "events.out.tfevents.1").write_bytes(POINT * 1000)
                for image in range(IMAGES_A_RUN):
                    (folder / f"sample{image}.png").write_bytes(os.urandom(2000))

    def configure(self, interval: str) -> None:
        hosts = "".join(
            f"  {n}:\n    sources: [{{path: {self.place.remote}/{n}, name: logs}}]\n" for n in self.names
        )
        self.place.configure(interval=interval)
        text = self.place.config_file.read_text()
        self.place.config_file.write_text(text[: text.index("hosts:")] + "hosts:\n" + hosts)

    def until_fresh(self) -> None:
        def fresh() -> bool:
            hosts = (self.place.status() or {"hosts": {}})["hosts"].values()
            time.sleep(0.3)  # the look itself costs CPU that the daemon needs
            return len(hosts) == HOSTS and all(
                h["status"] == "connected" and all(s["status"] == "fresh" for s in h["sources"].values())
                for h in hosts
            )

        until(fresh, 180, "every host is connected and fresh")

    def grow(self) -> None:
        """A point more in one run of each host."""
        for name in self.names:
            with (self.place.remote / name / "run0" / "events.out.tfevents.1").open("ab") as file:
                file.write(POINT)

    def cycle(self) -> Spent:
        """All sources of all hosts, as `expsyncd pull` asks the daemon for them."""
        pid = self.place.daemon.pid
        began, cpu, daemon = time.perf_counter(), all_below(), times(pid)[0]
        control = self.place.base / "run" / "expsyncd" / "control.sock"
        ends = [e for e in stream(control, request("pull")) if e.get("event") == "outcome"]
        assert len(ends) == HOSTS, len(ends)
        assert {end["outcome"] for end in ends} == {"complete"}, ends
        return Spent(time.perf_counter() - began, all_below() - cpu, times(pid)[0] - daemon)

    def rival(self) -> Spent:
        """`rsync -a`, each over an ssh of its own."""
        began, cpu = time.perf_counter(), all_below()
        rsh = shlex.join(["ssh", *self.sshd.options])
        argv = ["xargs", "-P", str(AT_ONCE), "-I{}", "rsync", "-a", "-e", rsh]
        argv += [f"{{}}:{self.place.remote}/{{}}/", f"{self.base}/rival/{{}}/"]
        subprocess.run(argv, input="\n".join(self.names).encode(), check=True)
        return Spent(time.perf_counter() - began, all_below() - cpu, 0.0)

    def same(self) -> bool:
        """Whether both brought what the hosts have."""
        for name in self.names:
            for here in (self.place.root / "mirror" / name / "logs", self.base / "rival" / name):
                argv = ["diff", "-rq", str(self.place.remote / name), str(here)]
                if subprocess.run(argv, check=False).returncode:
                    return False
        return True

    def close(self) -> None:
        self.place.close()
        self.sshd.stop()


def compare(fifty: Fifty, what: str, rounds: int, *, grows: bool) -> None:
    ours: list[Spent] = []
    rival: list[Spent] = []
    for number in range(rounds + 1):
        if grows:
            fifty.grow()
        pairs = [(fifty.cycle, ours), (fifty.rival, rival)]
        for run, found in pairs if number % 2 else reversed(pairs):
            spent = run()
            if number:  # the first warms up
                found.append(spent)
    assert fifty.same()
    name = f"{AT_ONCE} fresh ssh + rsync -a at a time"
    line(f"{HOSTS} hosts, {what}, wall", [s.wall for s in ours], [s.wall for s in rival], name, AIM)
    line(f"{HOSTS} hosts, {what}, CPU", [s.cpu for s in ours], [s.cpu for s in rival], name, AIM)
    share = statistics.median(s.daemon / s.cpu for s in ours)
    print(f"{'':<34} {100 * share:.0f} % of our CPU is the daemon's own, the rest rsync, ssh and sshd")


def rest(fifty: Fifty, seconds: float) -> None:
    pid = fifty.place.daemon.pid
    masters = [p for p in children_of(pid) if b"-M" in Path(f"/proc/{p}/cmdline").read_bytes().split(b"\0")]
    assert len(masters) == HOSTS, len(masters)
    own, ended = times(pid)
    held, began = sum(times(p)[0] for p in masters), time.monotonic()
    until(lambda: time.monotonic() - began >= seconds, seconds + 5)
    wall = time.monotonic() - began
    own_now, ended_now = times(pid)
    rss, pss = memory_mb(pid)
    rss_held, pss_held = (sum(column) for column in zip(*map(memory_mb, masters), strict=True))
    print(f"daemon, {HOSTS} hosts: {rss:.0f} MB RSS ({pss:.0f} MB PSS)")
    print(
        f"its {HOSTS} ssh masters: {rss_held:.0f} MB RSS ({pss_held:.0f} MB PSS, shared pages counted once)"
    )
    print(
        f"idle at 60 s, over {wall:.0f} s: daemon {100 * (own_now - own) / wall:.2f} % of a core, masters "
        f"{100 * (sum(times(p)[0] for p in masters) - held) / wall:.2f} %, its rsync and ssh "
        f"{100 * (ended_now - ended) / wall:.2f} %"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=120.0, help="how long to look at the idle daemon")
    given = parser.parse_args()
    # What loses its parent comes to us, so that its CPU is counted.
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    base = Path(tempfile.mkdtemp(prefix="exhosts", dir="/tmp"))
    fifty = Fifty(base)
    try:
        fifty.configure("12h")
        fifty.place.start()
        fifty.until_fresh()
        (base / "rival").mkdir()
        compare(fifty, "unchanged", given.rounds, grows=False)
        compare(fifty, "each grew", given.rounds, grows=True)
        fifty.configure("60s")
        until(lambda: _soon(fifty.place.source("logs", fifty.names[-1]).get("next_pull_at")), 60)
        fifty.until_fresh()
        rest(fifty, given.seconds)
    finally:
        fifty.close()
        shutil.rmtree(base, ignore_errors=True)


def _soon(moment: str | None) -> bool:
    return moment is not None and moment < time.strftime("%Y-%m-%dT%H", time.gmtime(time.time() + 7200))


if __name__ == "__main__":
    main()
