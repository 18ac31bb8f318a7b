"""`expsyncd login HOST`: log in where codes and passwords are asked for; the daemon then uses that login."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import Annotated

import typer

from expsyncd.config.load import load
from expsyncd.control import client
from expsyncd.control.protocol import request
from expsyncd.errors import Error, NotRunningError
from expsyncd.paths import Paths
from expsyncd.ssh.command import checked_alias, socket_path


def login(host: Annotated[str, typer.Argument(metavar="HOST", help="A host of hosts.yaml.")]) -> None:
    """Open the host's connection in this terminal and hand it to the daemon.

    ssh asks for passwords, one-time codes and new host keys here, once; the connection lives on without this
    terminal until the host or the network ends it.
    """
    paths = Paths.of(os.environ)
    config = load(paths.config_file)
    if host not in config.hosts:
        known = ", ".join(config.hosts) or "none yet"
        raise Error(f"no host {host} in hosts.yaml", f"the hosts there: {known}")
    paths.make_private()
    alias = checked_alias(config.hosts[host].ssh)
    socket = socket_path(paths.masters_dir, alias)
    if not _alive(socket, alias):
        socket.unlink(missing_ok=True)
        _open(socket, alias)
    try:
        client.ask(paths.control_socket, request("resume", host=host))
        print(f"{host} is logged in, the daemon uses it now")
    except NotRunningError:
        print(f"{host} is logged in; the daemon will use it when it starts")


def _options() -> list[str]:
    return shlex.split(os.environ.get("EXPSYNCD_SSH", ""))


def _alive(socket: os.PathLike[str], alias: str) -> bool:
    """Whether a login made earlier still carries a command."""
    argv = ["ssh", *_options(), "-S", str(socket), "-o", "ControlMaster=no", "-o", "ProxyJump=none"]
    argv += ["-o", "ProxyCommand=false", "-o", "BatchMode=yes", "--", alias, "true"]
    try:
        done = subprocess.run(argv, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=10)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def _open(socket: os.PathLike[str], alias: str) -> None:
    argv = ["ssh", *_options(), "-M", "-N", "-f", "-S", str(socket), "-o", "ControlPersist=yes"]
    argv += ["-o", "ServerAliveInterval=5", "-o", "ServerAliveCountMax=2", "-o", "ClearAllForwardings=yes"]
    argv += ["-o", "ForwardAgent=no", "-o", "ForwardX11=no", "-o", "PermitLocalCommand=no"]
    argv += ["-o", "RemoteCommand=none", "-o", "RequestTTY=no", "--", alias]
    if subprocess.run(argv, check=False).returncode != 0:
        raise Error(f"no login to {alias}", f"does `ssh {shlex.quote(alias)}` work here? Then try again")
