"""A real sshd on loopback, run by the current user on a free port with fresh keys; sees no config of ours.

Linux only: what a stopped sshd leaves behind is found through /proc.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shlex
import shutil
import signal
import socket
import subprocess
from pathlib import Path

from support.processes import descendants
from support.wait import until

SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
START_S = 10.0
# bash reads ~/.bashrc for a command of sshd's unless it is told of a shell around it: what the person who runs the
# tests has there takes its time, and may leave locks where a test kills it.
NO_START_FILE = "SHLVL=1"
_numbers = itertools.count(1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def make_key(path: Path, passphrase: str = "") -> Path:
    """A fresh ed25519 key pair at `path` and `path`.pub."""
    path.unlink(missing_ok=True)
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-C", path.name, "-f", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


class Sshd:
    """One running sshd. `alias` and `options` are what an ssh command needs to reach it.

    lines: more lines for sshd_config (first value wins, so they override ours).
    force_command: run by the login's shell in place of every command ($SSH_ORIGINAL_COMMAND has it).
    home: a folder that commands start in and see as $HOME; the login itself is always the current user.
    client: more lines for this host's block in the ssh_config.
    jump: another Sshd that ProxyJump goes through.
    wrapper: argv before sshd's own.
    """

    def __init__(
        self,
        folder: Path,
        *,
        alias: str = "",
        lines: tuple[str, ...] = (),
        force_command: str = "",
        home: Path | None = None,
        client: tuple[str, ...] = (),
        jump: Sshd | None = None,
        wrapper: tuple[str, ...] = (),
    ) -> None:
        self.folder = folder
        self.alias = alias or f"host{next(_numbers)}"
        self.config_file = folder / "ssh_config"
        self.known_hosts = folder / "known_hosts"
        self.authorized_keys = folder / "authorized_keys"
        self.log_file = folder / "sshd.log"
        self.port = 0
        self._lines = lines
        self._force_command = force_command
        self._client = client
        self._wrapper = wrapper
        self.jump = jump
        self._listener: subprocess.Popen[bytes] | None = None
        if home is not None:
            place = shlex.quote(str(home))
            self._force_command = (
                f'cd {place} && HOME={place} exec "${{SHELL:-sh}}" -c "${{SSH_ORIGINAL_COMMAND:-exec sh}}"'
            )
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        make_key(folder / "host_key")
        make_key(folder / "id")
        self.authorized_keys.write_bytes((folder / "id.pub").read_bytes())
        self.start()

    @property
    def options(self) -> list[str]:
        """`-F FILE`: argv for ssh."""
        return ["-F", str(self.config_file)]

    def log(self) -> str:
        """Everything sshd said so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def attempts(self) -> int:
        """How many connections reached this sshd."""
        return sum(line.startswith("Connection from ") for line in self.log().splitlines())

    def start(self) -> None:
        """Start listening, on the same port as before if there was one."""
        if SSHD is None:
            raise RuntimeError("sshd is not installed: apt-get install openssh-server")
        if os.getuid() == 0:
            # sshd run by root insists on its privilege separation folder, which its unit makes.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        for _ in range(5):
            port = self.port or _free_port()
            heard = len(self.log())
            self._write(port)
            self._listener = subprocess.Popen(
                [
                    *self._wrapper,
                    SSHD,
                    "-D",
                    "-f",
                    str(self.folder / "sshd_config"),
                    "-E",
                    str(self.log_file),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            listener = self._listener
            until(
                lambda at=heard, started=listener: (
                    "Server listening on" in self.log()[at:] or started.poll() is not None
                ),
                within=START_S,
                what="sshd listens",
            )
            if listener.poll() is None:
                self.port = port
                return
            self._listener = None
        raise RuntimeError(f"sshd does not start:\n{self.log()}")

    def _write(self, port: int) -> None:
        forced = [f"ForceCommand {self._force_command}"] if self._force_command else []
        (self.folder / "sshd_config").write_text(
            "\n".join(
                [
                    *self._settings(),
                    *forced,
                    f"Port {port}",
                    "ListenAddress 127.0.0.1",
                    f"HostKey {self.folder}/host_key",
                    "PidFile none",
                    f"AuthorizedKeysFile {self.authorized_keys}",
                    "StrictModes no",
                    "UsePAM no",
                    "PasswordAuthentication no",
                    "KbdInteractiveAuthentication no",
                    "PrintMotd no",
                    "PrintLastLog no",
                    # Of this one word the last value wins, not the first.
                    *(["MaxStartups 100"] if "MaxStartups" not in " ".join(self._lines) else []),
                    "LogLevel VERBOSE",
                    # sshd refuses the same subsystem twice.
                    *(
                        []
                        if any("Subsystem" in line for line in self._lines)
                        else ["Subsystem sftp internal-sftp"]
                    ),
                    "",
                ]
            )
        )
        self.trust_host_key(port)
        inherited = self.jump.config_file.read_text() if self.jump else ""
        self.config_file.write_text(
            "\n".join(
                [
                    f"Host {self.alias}",
                    *(f"  {line}" for line in self._client),
                    *([f"  ProxyJump {self.jump.alias}"] if self.jump else []),
                    "  HostName 127.0.0.1",
                    f"  Port {port}",
                    f"  User {pwd.getpwuid(os.getuid()).pw_name}",
                    f"  IdentityFile {self.folder}/id",
                    "  IdentitiesOnly yes",
                    "  IdentityAgent none",
                    f"  UserKnownHostsFile {self.known_hosts}",
                    "  GlobalKnownHostsFile /dev/null",
                    "",
                    inherited,
                ]
            )
        )

    def _settings(self) -> list[str]:
        """The lines of the test; of SetEnv sshd takes the first alone."""
        if not any(line.startswith("SetEnv ") for line in self._lines):
            return [*self._lines, f"SetEnv {NO_START_FILE}"]
        return [f"{line} {NO_START_FILE}" if line.startswith("SetEnv ") else line for line in self._lines]

    def trust_host_key(self, port: int = 0) -> None:
        """Write known_hosts with the present host key."""
        kind, key, *_ = (self.folder / "host_key.pub").read_text().split()
        self.known_hosts.write_text(f"[127.0.0.1]:{port or self.port} {kind} {key}\n")

    def change_host_key(self) -> None:
        """Restart with another host key; known_hosts keeps the old one."""
        known = self.known_hosts.read_bytes()
        self.stop()
        make_key(self.folder / "host_key")
        self.start()
        self.known_hosts.write_bytes(known)

    def pids(self) -> list[int]:
        """The listener and all below it."""
        return [self._listener.pid, *self.sessions()] if self._listener else []

    def sessions(self) -> list[int]:
        """Processes that serve connections now, and what runs in them."""
        return descendants(self._listener.pid) if self._listener else []

    def stop(self) -> None:
        """End the listener and every connection and command; as if the host lost its power."""
        if self._listener is None:
            return
        # sshd's connections are sessions of their own and outlive the listener.
        for pid in reversed(self.pids()):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self._listener.wait(timeout=START_S)
        self._listener = None
