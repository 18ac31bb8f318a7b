"""The Slurm lab (slurmlab.sh) for tests: started, entered, its controller ended, itself ended."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from support.processes import command_line, descendants
from support.wait import until

LABS = Path(__file__).resolve().parent
UP_WITHIN_S = 90
SLEEPER = "sleep 98764"  # the command that keeps the lab up, known by its words
PROGRAMS = {
    "slurmctld": "slurmctld", "slurmd": "slurmd", "squeue": "slurm-client", "slurmdbd": "slurmdbd", "munged": "munge",
    "mariadbd": "mariadb-server", "ip": "iproute2", "sshd": "openssh-server", "nsenter": "util-linux",
}  # fmt: skip


def missing() -> str:
    """Why this lab cannot run here."""
    if os.getuid() != 0:
        return "needs root for namespaces and for Slurm's own user"
    for program, package in PROGRAMS.items():
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"needs {program} ({package})"
    return ""


class SlurmLab:
    """A Slurm with accounting; commands and an sshd run inside."""

    def __init__(self) -> None:
        self._script = subprocess.Popen(
            ["bash", str(LABS / "slurmlab.sh"), *SLEEPER.split()], stdin=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip
        until(lambda: self._sleepers() or self._script.poll() is not None, UP_WITHIN_S, "the Slurm lab is up")
        assert self._script.poll() is None
        self._inside = self._sleepers()[0]
        self.folder = Path(self._environment()["SLURMLAB"])
        self.home = self.folder / "home"
        namespaces = ("mount", "net", "uts", "ipc", "pid")
        self.enter = ["nsenter", "-t", str(self._inside), *(f"--{name}" for name in namespaces), "--"]

    def _sleepers(self) -> list[int]:
        return [pid for pid in descendants(self._script.pid) if command_line(pid) == SLEEPER]

    def _environment(self) -> dict[str, str]:
        text = Path(f"/proc/{self._inside}/environ").read_bytes().split(b"\0")
        return dict(one.decode().split("=", 1) for one in text if b"=" in one)

    def run(self, *argv: str, check: bool = True) -> str:
        """Run something inside, in the home folder there; what it printed."""
        done = subprocess.run(
            [*self.enter, "env", "-C", str(self.home), *argv], check=False, capture_output=True, text=True, timeout=60
        )  # fmt: skip
        assert not check or done.returncode == 0, (argv, done.stdout, done.stderr)
        return done.stdout

    def submit(self, *argv: str) -> str:
        """`sbatch ARGV`; the job's number."""
        return self.run("sbatch", "--parsable", *argv).strip()

    def calls(self, program: str) -> list[float]:
        """When a program was called over ssh, in Unix seconds."""
        file = self.folder / "calls" / program
        return [float(line) for line in file.read_text().split()] if file.exists() else []

    def end_controller(self) -> None:
        """As if its machine had lost power."""
        self.run("sh", "-c", "kill -9 $(cat /run/slurm/slurmctld.pid)")

    def close(self) -> None:
        """End it; nothing of it is left."""
        self._script.terminate()
        self._script.wait(20)
        until(lambda: not self.folder.exists(), 20, "the lab's folder is gone")
