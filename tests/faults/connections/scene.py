"""One laptop with the real daemon and one host behind a relay, and what the table of faults asks of them."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from expsyncd.control.client import ask
from expsyncd.control.protocol import request
from expsyncd.errors import Error
from expsyncd.paths import Paths
from support.names import Names, asking_there
from support.place import Place, children_of, content
from support.processes import command_line, descendants
from support.relay import Relay
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.sshd import Sshd

LOOK_S = 0.1  # between two looks at the status: what the figures of the table are good for
# Every master that is started is an attempt, also where nothing on the network would count it.
COUNTING_SSH = """#!/bin/sh
case " $* " in *" -M "*) date +%s.%N >>{log} ;; esac
exec {ssh} "$@"
"""


class Scene:
    """`start` first; `close` leaves nothing behind and fails where something is left."""

    def __init__(self, sshd: Sshd, gate: Sshd | None, interval: str) -> None:
        self.sshd = sshd
        self.gate = gate
        self.relay = Relay(sshd.port)
        self.relays = [self.relay]
        self.lines: list[str] = ["IdentityAgent none", f"IdentityFile {sshd.folder}/id"]
        self.address = "127.0.0.1"
        self.place = Place([], "gpu")
        self.flag = sshd.folder / "flag"
        self.agent = 0
        self.person: subprocess.Popen[bytes] | None = None
        self.names: Names | None = None
        self._children: list[subprocess.Popen[bytes]] = []
        self._log = self.place.base / "attempts"
        self._looked: tuple[float, dict[str, Any]] = (0.0, {})
        self.write_ssh_config()
        self._count_attempts()
        self.place.environment["EXPSYNCD_SSH"] = f"-F {self.place.base}/ssh_config"
        self.place.configure(interval=interval)
        self.socket = Paths.of(self.place.environment).control_socket
        self.masters = Paths.of(self.place.environment).masters_dir
        self.number = 0
        self.write()

    @classmethod
    def of(
        cls,
        make_sshd: Callable[..., Sshd],
        *,
        interval: str = "60s",
        lines: tuple[str, ...] = (),
        shell: str = "",
        gate: bool = False,
        agent: bool = False,
        adopted: bool = False,
        names: bool = False,
    ) -> Scene:
        """A scene with what a row wants beside the plain host.

        lines: of its sshd_config. shell: what the login's shell does first, `{flag}` is a file's path.
        gate: behind a jump host. agent: the key is in an ssh-agent only. adopted: the person has a master.
        names: the host has a name that a service must be asked for (root only).
        """
        if names and os.getuid() != 0:
            pytest.skip("needs root: a private /etc/resolv.conf")
        sshd = make_sshd(lines=lines)
        if shell:
            first = shell.format(flag=sshd.folder / "flag")
            sshd.stop()
            sshd._force_command = f'{first}; exec "${{SHELL:-sh}}" -c "${{SSH_ORIGINAL_COMMAND:-exec sh}}"'
            sshd.start()
        scene = cls(sshd, make_sshd(alias="gate") if gate else None, interval)
        if agent:
            scene._start_agent()
        if adopted:
            scene._log_in()
        if names:
            scene.address = "gpu.lab"
            scene.names = Names()
            scene.place.wrapper = asking_there(scene.place.base)
            scene.write_ssh_config()
        return scene

    # --- the surroundings ---------------------------------------------------------------------------

    def _start_agent(self) -> None:
        path = self.place.base / "agent"
        agent = self._run(["ssh-agent", "-D", "-a", str(path)])
        until(path.exists, 10)
        own = {"PATH": os.environ["PATH"], "SSH_AUTH_SOCK": str(path)}
        subprocess.run(["ssh-add", "-q", str(self.sshd.folder / "id")], env=own, check=True)
        self.agent = agent.pid
        self.lines = [f"IdentityFile {self.sshd.folder}/id.pub"]  # the key itself is in the agent only
        self.place.environment["SSH_AUTH_SOCK"] = str(path)
        self.write_ssh_config()

    def _log_in(self) -> None:
        path = self.place.base / "mine"
        self.lines.append(f"ControlPath {path}")
        self.write_ssh_config()
        self.person = self._run(["ssh", "-F", f"{self.place.base}/ssh_config", "-M", "-N", "gpu"])
        until(path.exists, 10)

    def _run(self, argv: list[str]) -> subprocess.Popen[bytes]:
        quiet = subprocess.DEVNULL
        own = {"PATH": os.environ["PATH"], "HOME": self.place.environment["HOME"]}
        self._children.append(subprocess.Popen(argv, env=own, stdin=quiet, stdout=quiet, stderr=quiet))
        return self._children[-1]

    def write_ssh_config(self) -> None:
        """The person's ssh_config as of now."""
        known = self.place.base / "known_hosts"
        key = " ".join((self.sshd.folder / "host_key.pub").read_text().split()[:2])
        known.write_text(f"gpu {key}\n")
        lines = [
            "Host gpu",
            *(f"  {line}" for line in self.lines),
            f"  HostName {self.address}",
            f"  Port {self.relays[-1].port}",
            f"  User {getpass.getuser()}",
            "  IdentitiesOnly yes",
            "  HostKeyAlias gpu",
            f"  UserKnownHostsFile {known}",
            "  GlobalKnownHostsFile /dev/null",
        ]
        if self.gate is not None:
            lines += [f"  ProxyJump {self.gate.alias}", self.gate.config_file.read_text()]
        fresh = self.place.base / "ssh_config.new"
        fresh.write_text("\n".join(lines) + "\n")
        fresh.rename(self.place.base / "ssh_config")

    def _count_attempts(self) -> None:
        folder = self.place.base / "bin"
        folder.mkdir()
        script = folder / "ssh"
        script.write_text(COUNTING_SSH.format(log=self._log, ssh=shutil.which("ssh")))
        script.chmod(0o755)
        self.place.environment["PATH"] = f"{folder}:{os.environ['PATH']}"

    def write(self) -> None:
        """Something new on the host: a log grows, an image and metrics come."""
        self.number += 1
        with (self.place.remote / "train.log").open("a") as file:
            file.write(f"line {self.number}\n" * 100)
        with (self.place.remote / "events.out.tfevents.1").open("ab") as file:
            file.write(os.urandom(2000))
        (self.place.remote / f"image_{self.number}.png").write_bytes(os.urandom(5000))

    def new_relay(self) -> Relay:
        """Another way to the host, for whoever reads the ssh_config again."""
        self.relays.append(Relay(self.sshd.port))
        return self.relays[-1]

    def stop_processes(self, number: int, *pids: int) -> None:
        """Signal what we know by pid; whoever is gone already does not matter."""
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def master(self) -> int:
        """Our OpenSSH master."""
        found = [pid for pid in children_of(self.place.daemon.pid) if " -M " in command_line(pid)]
        assert len(found) == 1, found
        return found[0]

    # --- what is seen -------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the daemon and wait until everything is here."""
        self.place.start()
        self.until_fresh(30)

    def look(self) -> dict[str, Any]:
        """The host as `status --json` shows it; {} while the daemon does not answer."""
        at, seen = self._looked
        if time.monotonic() - at < LOOK_S:
            return seen
        try:
            seen = ask(self.socket, request("status"), 5)["status"]["hosts"]["gpu"]
        except Error:
            seen = {}
        self._looked = (time.monotonic(), seen)
        return seen

    def is_fresh(self) -> bool:
        """Connected, fresh, and everything that the host has is in the mirror."""
        seen = self.look()
        return (
            seen.get("status") == "connected"
            and seen["sources"]["remote"]["status"] == "fresh"
            and self.missing() == []
        )

    def noticed(self, before: dict[str, Any]) -> bool:
        """Whether status says something else than it did, or did meanwhile."""
        seen = self.look()
        return (
            seen.get("status") != "connected"
            or seen["since"] != before["since"]
            or seen["sources"]["remote"]["status"] != "fresh"
        )

    def is_honest(self) -> bool:
        """Of what cannot be seen nothing is called fresh, and no lag is known but when it was known last."""
        seen = self.look()
        source = seen["sources"]["remote"]
        assert source["status"] != "fresh", seen
        assert (source["lag_seconds"], bool(source["lag_as_of"])) == (None, True), seen
        return True

    def heard(self) -> list[str]:
        """What the daemon's log says of the host."""
        return [line.partition("gpu: ")[2] for line in self.place.log().splitlines() if "gpu: " in line]

    def missing(self) -> list[bytes]:
        """Files whose bytes the mirror does not hold."""
        here = content(self.place.mirror)
        return [name for name, data in content(self.place.remote).items() if here.get(name) != data]

    def until_fresh(self, within: float) -> None:
        try:
            until(self.is_fresh, within, "fresh")
        except AssertionError as error:
            said = f"{error}; status {self.look()}; not here {self.missing()}; log {self.place.log()[-3000:]}"
            raise AssertionError(said) from None

    def attempts(self) -> list[float]:
        """When the daemon started to log in, in seconds."""
        return [float(line) for line in self._log.read_text().split()] if self._log.exists() else []

    # --- the end ------------------------------------------------------------------------------------

    def end(self) -> None:
        """Stop the daemon as a person does; nothing of it may be left anywhere."""
        assert self.place.stop() == 0, self.place.log()
        assert not list(self.masters.glob("*")), "a socket is left"
        assert not list((self.place.root / ".incoming").iterdir())
        for relay in self.relays:
            relay.close()  # the host cannot know of the end of what a router forgot
        until(lambda: self.sshd.sessions() == [], 20, "nothing of ours runs on the host")

    def close(self) -> None:
        """Take everything down, whatever happened."""
        if self.place.daemon is not None:
            self.stop_processes(signal.SIGCONT, *descendants(self.place.daemon.pid))
        for child in self._children:
            self.stop_processes(signal.SIGCONT, child.pid)
            child.kill()
            child.wait()
        for relay in self.relays:
            relay.close()
        if self.names is not None:
            self.names.close()
        self.place.close()
