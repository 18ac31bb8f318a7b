"""The network lab (netlab.sh) for tests: started, entered, told what its link does to whom, ended."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from labs.wan import tell
from support.place import Place, content, free_port
from support.processes import command_line, descendants
from support.wait import until

LABS = Path(__file__).resolve().parent
HOSTS = {"gpu1": "192.0.2.11", "gpu2": "192.0.2.12", "gpu3": "192.0.2.13"}
UP_WITHIN_S = 60
SLEEPER = "sleep 98765"  # the command that keeps the lab up, known by its words


def missing() -> str:
    """Why this lab cannot run here."""
    if os.getuid() != 0:
        return "needs root for network namespaces"
    if not Path("/dev/net/tun").exists():
        return "needs /dev/net/tun"
    for program, package in {
        "ip": "iproute2",
        "sshd": "openssh-server",
        "nsenter": "util-linux",
        "setsid": "util-linux",
    }.items():
        if shutil.which(program, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None:
            return f"needs {program} ({package})"
    return ""


class NetworkLab:
    """Three hosts behind a slow link; `place` is a laptop whose daemon lives there."""

    def __init__(self) -> None:
        self._script = subprocess.Popen(
            ["bash", str(LABS / "netlab.sh"), *SLEEPER.split()], stdin=subprocess.DEVNULL, start_new_session=True
        )  # fmt: skip
        until(
            lambda: self._sleepers() or self._script.poll() is not None, UP_WITHIN_S, "the network lab is up"
        )
        assert self._script.poll() is None
        self._laptop = self._sleepers()[0]
        self.folder = Path(self._environment()["NETLAB_DIR"])
        self.place = Place(["-F", str(self.folder / "ssh_config")], "gpu1")
        self.place.wrapper = ["nsenter", f"--net=/proc/{self._laptop}/ns/net"]
        self.remotes = {name: self.place.base / f"remote-{name}" for name in HOSTS}
        for folder in self.remotes.values():
            folder.mkdir()

    def _sleepers(self) -> list[int]:
        return [pid for pid in descendants(self._script.pid) if command_line(pid) == SLEEPER]

    def _environment(self) -> dict[str, str]:
        text = Path(f"/proc/{self._laptop}/environ").read_bytes().split(b"\0")
        return dict(one.decode().split("=", 1) for one in text if b"=" in one)

    def wan(self, host: str, **wish: Any) -> None:
        """What the link does from now on; `*` is every host that has no wish of its own."""
        said = tell(str(self.folder / "wan.sock"), HOSTS.get(host, host), **wish)
        assert said.startswith("{"), said

    def on_laptop(self, *argv: str) -> str:
        """Run something in the laptop's network."""
        done = subprocess.run([*self.place.wrapper, *argv], check=True, capture_output=True, text=True)
        return done.stdout

    def configure(self, interval: str, *, follow: bool = True) -> None:
        """hosts.yaml with the three hosts, one source each. `follow`: False where a test is about pulls alone."""
        plain = "" if follow else "    follow: false\n"
        hosts = "".join(
            f"  {name}:\n{plain}    sources: [{{path: {folder}, name: remote}}]\n"
            for name, folder in self.remotes.items()
        )
        self.place.config_file.write_text(
            f"root: {self.place.root}\ninterval: {interval}\nmin_free: 1MB\n"
            f"tensorboard: {{enabled: false, port: {free_port()}}}\nhosts:\n{hosts}"
        )

    def arrived(self, name: str) -> bool:
        """Whether the mirror holds what the host has."""
        here = content(self.place.root / "mirror" / name / "remote")
        return all(here.get(path) == data for path, data in content(self.remotes[name]).items())

    def attempts(self, name: str) -> int:
        """How many connections reached a host's sshd."""
        return (self.folder / name / "log").read_text().count("Connection from ")

    def close(self) -> None:
        """End the lab and the laptop; nothing of either is left."""
        folder = self.folder
        try:
            self.place.close()
        finally:
            self._script.terminate()
            self._script.wait(20)
        until(lambda: not folder.exists(), 10, "the lab's folder is gone")
