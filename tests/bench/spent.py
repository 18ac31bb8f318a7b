"""What processes cost: CPU of living ones and of their ended children, memory now and at most (Linux)."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from support.place import Place, children_of
from support.processes import command_line
from support.relay import Relay
from support.sshd import Sshd

if TYPE_CHECKING:
    from collections.abc import Iterable

CPUCLOCK_SCHED = 2  # clock_getcpuclockid(3): a process's CPU clock, in nanoseconds
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds of these processes and of their children that have ended and were waited for."""
    total = 0.0
    for pid in pids:
        with suppress(OSError):
            total += time.clock_gettime(~pid << 3 | CPUCLOCK_SCHED) + _ended_s(pid)
    return total


def _ended_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[13]) + int(words[14])) / TICKS


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory now and its peak."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    kilobytes = {words[0]: int(words[1]) for words in map(str.split, lines) if words[-1] == "kB"}
    return kilobytes["VmRSS:"] / 1000, kilobytes["VmHWM:"] / 1000


def row(name: str, *figures: str) -> None:
    """One line of a table."""
    print(f"{name:<46} {'   '.join(figures)}", flush=True)


class Ends:
    """One host behind a relay that counts bytes, one laptop: what both cost since `mark`."""

    def __init__(self, *, counted: bool = True) -> None:
        self.folder = folder = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        (folder / "home").mkdir(parents=True)
        # What somebody's start files cost at each command is not what is looked at.
        self.sshd = Sshd(folder / "sshd", alias="gpu", lines=(f"SetEnv HOME={folder}/home",))
        self.relay = Relay(self.sshd.port) if counted else None
        if self.relay is not None:
            for file in (self.sshd.config_file, self.sshd.known_hosts):
                file.write_text(file.read_text().replace(str(self.sshd.port), str(self.relay.port)))
        self.place = Place(self.sshd.options, "gpu")
        self.mark()

    def configure(self, *, follow: bool = True, interval: str = "60s", sources: str | None = None) -> None:
        """hosts.yaml with this host."""
        self.place.configure(interval=interval, sources=sources)
        text = self.place.config_file.read_text()
        self.place.config_file.write_text(f"{text}    follow: {'true' if follow else 'false'}\n")

    def mark(self) -> None:
        """Count from now on."""
        self._daemon, self._children, self._ended, self._host, self._bytes = self._now()

    def spent(self) -> tuple[float, float, float, int]:
        """CPU seconds of the daemon, of its children, of everything on the host; bytes that passed."""
        daemon, children, ended, host, passed = self._now()
        before = self._children
        living = sum(seconds - before.get(pid, 0.0) for pid, seconds in children.items())
        # Ended children are counted in jiffies: one that ended would otherwise take back what it had cost before.
        known = sum(seconds for pid, seconds in before.items() if pid not in children)
        ssh = living + max(0.0, ended - self._ended - known)
        return daemon - self._daemon, ssh, host - self._host, passed - self._bytes

    def _now(self) -> tuple[float, dict[int, float], float, float, int]:
        pid = self.place.daemon.pid if self.place.daemon is not None else 0
        both = cpu_s([pid]) if pid else 0.0
        children = {child: cpu_s([child]) for child in children_of(pid)} if pid else {}
        ended = _ended_s(pid) if pid else 0.0
        passed = self.relay.passed if self.relay is not None else 0
        return both - ended, children, ended, cpu_s(self.sshd.pids()), passed

    def agents(self) -> list[int]:
        """The follower's agents on the host."""
        return [pid for pid in self.sshd.sessions() if "python" in command_line(pid).split(" ")[0]]

    def followed(self) -> bool:
        """Whether status says that the follower is well."""
        return bool(self.place.source().get("follow", {}).get("healthy"))

    def close(self) -> None:
        self.place.close()
        if self.relay is not None:
            self.relay.close()
        self.sshd.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
