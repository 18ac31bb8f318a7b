"""Where no agent can be, by what a fresh connection told. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.ssh.finding import BY_CONFIG, NO_RSYNC, OPENRSYNC

if TYPE_CHECKING:
    from expsyncd.config.model import HostConfig
    from expsyncd.ssh.probe import Link

# Files come by sftp there for other reasons than that no command runs.
RUNS_COMMANDS = (BY_CONFIG, NO_RSYNC, OPENRSYNC)


def why_not(config: HostConfig, link: Link, *, wished: bool) -> str:
    """Why the sources of a host are not followed; "" where it is to be tried."""
    if not config.follow:
        return "`follow: false` in hosts.yaml"
    if not wished:
        return "this pull only"
    if link.alone:
        return "the host allows one thing at a time (MaxSessions 1 of its sshd)"
    if link.transport == "rrsync":
        return "the key is limited to rrsync on the host"
    if link.transport == "sftp" and link.why not in RUNS_COMMANDS:
        return "the host runs no commands for this login"
    if link.python is None and link.why != BY_CONFIG:
        return "no python3 on the host"
    return ""
