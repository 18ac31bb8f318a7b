"""A person's laptop for one test: config, root and state in a folder, the real daemon as a child."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from contextlib import suppress
from pathlib import Path
from typing import Any

from expsyncd.paths import Paths
from support.wait import until


def children_of(pid: int) -> set[int]:
    """All living descendants of a process, by /proc."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with suppress(OSError):
                stat = (entry / "stat").read_text()
                parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
    found: set[int] = set()
    fresh = {pid}
    while fresh:
        fresh = {child for child, parent in parents.items() if parent in fresh} - found
        found |= fresh
    return found


def alive(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    with suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def content(folder: Path) -> dict[bytes, bytes]:
    """Every regular file below a folder: relative path to bytes."""
    found: dict[bytes, bytes] = {}
    base = os.fsencode(folder)
    for parent, _, names in os.walk(base):
        for name in names:
            path = os.path.join(parent, name)
            if os.path.isfile(path) and not os.path.islink(path):
                with open(path, "rb") as file:
                    found[os.path.relpath(path, base)] = file.read()
    return found


class Place:
    """`hosts` maps names to ssh aliases of a real sshd; `remote` is the folder on the host that is pulled."""

    def __init__(self, ssh_options: list[str], alias: str) -> None:
        # A short path: sockets have 90 bytes.
        self.base = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        self.alias = alias
        self.remote = self.base / "remote"
        self.remote.mkdir()
        self.root = self.base / "root"
        self.config_file = self.base / "hosts.yaml"
        for folder in ("home", "run", "state", "config"):
            (self.base / folder).mkdir(mode=0o700)
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.base / "home"),
            "XDG_RUNTIME_DIR": str(self.base / "run"),
            "XDG_STATE_HOME": str(self.base / "state"),
            "XDG_CONFIG_HOME": str(self.base / "config"),
            "EXPSYNCD_CONFIG": str(self.config_file),
            "EXPSYNCD_SSH": " ".join(ssh_options),
            "LANG": "C.UTF-8",
        }
        self.wrapper: list[str] = []  # argv before the daemon's own
        self.sshd: Any = None
        self.daemon: subprocess.Popen[bytes] | None = None
        self.descendants: set[int] = set()

    @property
    def control(self) -> Path:
        """The daemon's control socket."""
        return Paths.of(self.environment).control_socket

    @property
    def mirror(self) -> Path:
        return self.root / "mirror" / "gpu" / "remote"

    def configure(
        self,
        *,
        interval: str = "1s",
        more: str = "",
        sources: str | None = None,
        tensorboard: bool = False,
        follow: bool = True,
        min_free: str = "1MB",
    ) -> None:
        """Write hosts.yaml: one host `gpu` with the source `remote` unless `sources` says otherwise.

        `follow`: False where a test is about pulls alone.
        """
        sources = sources or f"[{{path: {self.remote}, name: remote}}]"
        self.config_file.write_text(
            f"root: {self.root}\ninterval: {interval}\nmin_free: {min_free}\n"
            f"tensorboard: {{enabled: {'true' if tensorboard else 'false'}, port: {free_port()}}}\n{more}"
            f"hosts:\n  gpu:\n    ssh: {self.alias}\n    sources: {sources}\n"
            + ("" if follow else "    follow: false\n")
        )

    def run(self, *words: str, timeout: float = 60, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One CLI call."""
        done = subprocess.run(
            [sys.executable, "-m", "expsyncd.cli.main", *words],
            env=self.environment, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip
        if check:
            assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
        return done

    def start(self) -> None:
        """Start the daemon; returns when it answers."""
        with (self.base / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                [*self.wrapper, sys.executable, "-m", "expsyncd.cli.main", "run"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        until(lambda: self.daemon.poll() is not None or self.status() is not None, 20, "the daemon answers")
        assert self.daemon.poll() is None, self.log()

    def log(self) -> str:
        return (self.base / "daemon.log").read_text()

    def status(self) -> dict[str, Any] | None:
        """`status --json`, or None while no daemon answers."""
        done = self.run("status", "--json", check=False)
        if done.returncode not in (0, 1):
            return None
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def source(self, name: str = "remote", host: str = "gpu") -> dict[str, Any]:
        found: dict[str, Any] = (
            (self.status() or {}).get("hosts", {}).get(host, {}).get("sources", {}).get(name, {})
        )
        return found

    def until_fresh(self, within: float = 20) -> None:
        until(lambda: self.source().get("status") == "fresh", within, "fresh")

    def until_equal(self, within: float = 20) -> None:
        """Wait until the mirror holds exactly what the host has (and maybe more)."""

        def equal() -> bool:
            here, there = content(self.mirror), content(self.remote)
            return all(here.get(path) == data for path, data in there.items())

        until(equal, within, "the mirror equals the host")

    def everything_kept(self) -> set[bytes]:
        """All bytes that the mirror and versions hold, file by file."""
        return set(content(self.root / "mirror").values()) | set(content(self.root / "versions").values())

    def note_descendants(self) -> None:
        if self.daemon is not None:
            self.descendants |= children_of(self.daemon.pid)

    def kill(self) -> None:
        """kill -9, as a crash."""
        assert self.daemon is not None
        self.note_descendants()
        self.daemon.kill()
        self.daemon.wait()
        self.daemon = None

    def stop(self) -> int:
        """SIGTERM; the exit status. Fails when a descendant survives."""
        assert self.daemon is not None
        self.note_descendants()
        self.daemon.send_signal(signal.SIGTERM)
        try:
            code = self.daemon.wait(20)
        except subprocess.TimeoutExpired:
            self.daemon.kill()
            self.daemon.wait()
            raise AssertionError(f"the daemon did not stop\n{self.log()[-3000:]}") from None
        finally:
            self.daemon = None
        until(lambda: not [pid for pid in self.descendants if alive(pid)], 10, "no descendant is left")
        return code

    def close(self) -> None:
        try:
            if self.daemon is not None and self.daemon.poll() is None:
                self.stop()
        finally:
            shutil.rmtree(self.base, ignore_errors=True)


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def http_json(url: str, timeout: float = 5) -> Any:
    with urllib.request.urlopen(url, timeout=timeout) as answer:
        return json.loads(answer.read())
