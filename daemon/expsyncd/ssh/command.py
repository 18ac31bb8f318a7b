"""The argv of every ssh we run: the master, what rides on it, and the hops before it. Pure."""

from __future__ import annotations

import hashlib
import math
import shlex
from typing import TYPE_CHECKING

from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

# OpenSSH binds SOCKET.XXXXXXXXXXXXXXXX first and renames it: 90 bytes work, 91 fail (measured with 9.2).
LONGEST_SOCKET_PATH = 90
# The link counts as dead after two unanswered questions: 15 s (measured 14.8 s).
ALIVE_EVERY_S = 5
ALIVE_COUNT = 2

# What a person's ssh_config may say for a terminal must not happen behind their back: no question, no new
# host key, no forward of theirs opened a second time, no command of theirs in place of ours.
QUIET = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "UpdateHostKeys=no",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "Tunnel=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "RequestTTY=no",
    "VisualHostKey=no",
)


# What differs where a person answers.
ASKED = ("BatchMode=yes", "StrictHostKeyChecking=yes")


def _set(*settings: str) -> list[str]:
    return [word for setting in settings for word in ("-o", setting)]


def checked_alias(alias: str) -> str:
    """`alias` itself; raises Error when ssh or rsync would read it as anything but a name."""
    if not alias or alias.startswith("-") or not alias.isprintable() or any(c in " '\"\\`$" for c in alias):
        raise Error(f"{alias!r} cannot be the name of a host", "use a name that `ssh NAME` understands")
    return alias


def socket_path(socket_dir: Path, alias: str) -> Path:
    """Where the master of `alias` listens; the same for the daemon and for `expsyncd login`.

    Raises Error when the path is longer than OpenSSH can bind.
    """
    path = socket_dir / hashlib.sha256(alias.encode()).hexdigest()[:12]
    if len(bytes(path)) > LONGEST_SOCKET_PATH:
        raise Error(
            f"the ssh control socket's path has {len(bytes(path))} bytes, at most {LONGEST_SOCKET_PATH} work",
            "set XDG_RUNTIME_DIR to a folder with a shorter path",
        )
    return path


def master(
    options: Sequence[str],
    socket: Path,
    destination: Sequence[str],
    *,
    connect_timeout_s: float,
    way: str | None = None,
    tries: int = 1,
) -> list[str]:
    """A master in the foreground: no command, no ControlPersist, so that its exit is the disconnect.

    `destination`: argv as `hop_destination` gives it, or `["--", ALIAS]`.
    `way`: the ProxyCommand that stands for the ProxyJump of the person's config, see `hop`.
    `tries`: one a second, while nothing listens there.
    LogLevel VERBOSE says "partial success", without which a second factor looks like a refused key.
    """
    return [
        "ssh",
        *options,
        "-M",
        "-N",
        "-S",
        str(socket),
        *_set(
            *QUIET,
            "ControlPersist=no",
            f"ServerAliveInterval={ALIVE_EVERY_S}",
            f"ServerAliveCountMax={ALIVE_COUNT}",
            f"ConnectTimeout={max(1, math.ceil(connect_timeout_s))}",
            f"ConnectionAttempts={tries}",
            "LogLevel=VERBOSE",
            *([f"ProxyCommand={way}"] if way else []),
        ),
        *destination,
    ]


def typed(
    options: Sequence[str], socket: Path, destination: Sequence[str], *, log: Path, way: str | None = None
) -> list[str]:
    """A master that a person opens in their terminal and that lives on without it.

    New host keys are shown and asked for whatever the config says. `log` gets what ssh says besides its
    questions, which go to the terminal.
    """
    quiet = [setting for setting in QUIET if setting not in ASKED]
    return [
        "ssh",
        *options,
        "-M",
        "-N",
        "-f",
        "-S",
        str(socket),
        "-E",
        str(log),
        *_set(
            *quiet,
            "StrictHostKeyChecking=ask",
            "ControlPersist=yes",
            f"ServerAliveInterval={ALIVE_EVERY_S}",
            f"ServerAliveCountMax={ALIVE_COUNT}",
            "LogLevel=VERBOSE",
            *([f"ProxyCommand={way}"] if way else []),
        ),
        *destination,
    ]


def rider(options: Sequence[str], socket: Path) -> list[str]:
    """An ssh that rides on a live master or fails; the alias and the command follow.

    Without `ProxyCommand=false` a stale socket or a master without free places makes ssh log in anew,
    silently. It comes before the config's ProxyJump, which therefore needs no override of its own.
    """
    return [
        "ssh",
        *options,
        "-S",
        str(socket),
        *_set("ControlMaster=no", "ProxyCommand=false", *QUIET, "LogLevel=ERROR"),
    ]


def remote_command(options: Sequence[str], socket: Path, alias: str, command: str) -> list[str]:
    """`command` run by the login's shell on the host, over the master."""
    return [*rider(options, socket), "--", alias, command]


def subsystem(options: Sequence[str], socket: Path, alias: str, name: str) -> list[str]:
    """The subsystem `name` of the host's sshd (sftp), over the master."""
    return [*rider(options, socket), "-s", "--", alias, name]


def forward(socket: Path, alias: str, what: str, local: str, remote: str) -> list[str]:
    """Ask the master for a forward (`what`: forward) or take it back (cancel); both ends ADDRESS:PORT.

    Without the person's config: with it ssh would ask for every LocalForward in it as well.
    """
    return ["ssh", "-F", "none", "-S", str(socket), "-O", what, "-L", f"{local}:{remote}", "--", alias]


def stdio_forward(socket: Path, alias: str, remote: str) -> list[str]:
    """One connection from the host to `remote` over the master; `-v` tells when it stands."""
    argv = [
        "ssh",
        "-F",
        "none",
        "-v",
        "-S",
        str(socket),
        "-o",
        "ControlMaster=no",
        "-o",
        "ProxyCommand=false",
    ]
    return [*argv, "-W", remote, "--", alias]


def check(options: Sequence[str], socket: Path, alias: str) -> list[str]:
    """Exit 0 if a master listens at `socket`; says nothing about the host (it is 0 on a dead network)."""
    return ["ssh", *options, "-S", str(socket), "-O", "check", "--", alias]


def rsh(options: Sequence[str], socket: Path) -> str:
    """The value of rsync's -e.

    rsync splits at spaces and knows quotes; inside quotes a doubled quote is the quote itself.
    rsync puts `-l USER` and the host behind it, so there is no room for `--` here.
    """
    return " ".join(_rsync_quoted(word) for word in rider(options, socket))


def _rsync_quoted(word: str) -> str:
    if word and not any(c in word for c in " '\""):
        return word
    return "'" + word.replace("'", "''") + "'"


def resolve(options: Sequence[str], destination: Sequence[str]) -> list[str]:
    """`ssh -G`: prints what the person's config means for a destination, connects to nothing.

    `destination`: argv as `hop_destination` gives it, or `["--", ALIAS]`.
    """
    return ["ssh", *options, "-G", *destination]


def hop_destination(hop: str) -> list[str]:
    """`[ssh://][USER@]NAME[:PORT]` of a ProxyJump as argv for ssh."""
    rest = hop.removeprefix("ssh://").rstrip("/")
    user, _, address = rest.rpartition("@")
    name, port = address, ""
    if address.startswith("["):
        name, _, port = address[1:].partition("]")
        port = port.removeprefix(":")
    elif address.count(":") == 1:
        name, _, port = address.partition(":")
    return [*(["-l", user] if user else []), *(["-p", port] if port else []), "--", checked_alias(name)]


def hop(
    options: Sequence[str],
    destination: Sequence[str],
    *,
    connect_timeout_s: float,
    socket: Path | None = None,
    way: str | None = None,
    held: bool = False,
    asks: bool = False,
) -> str:
    """A ProxyCommand that does what ProxyJump does, but never asks and never takes a new host key.

    ssh hands neither BatchMode nor StrictHostKeyChecking to the ssh it starts for a ProxyJump.
    `socket`: a master of the hop, used while it lives; `held`: and nothing else, there is no other login.
    `way`: the hop before this one. `asks`: a person sits there (`expsyncd login`) and may be asked.
    """
    if socket and held:
        way = "false"
    quiet = [setting for setting in QUIET if not asks or setting not in ASKED]
    argv = [
        "ssh",
        *options,
        *(["-S", str(socket)] if socket else []),
        *_set(
            "ControlMaster=no",
            *quiet,
            f"ConnectTimeout={max(1, math.ceil(connect_timeout_s))}",
            f"ServerAliveInterval={ALIVE_EVERY_S}",
            f"ServerAliveCountMax={ALIVE_COUNT}",
            "LogLevel=INFO",
            *([f"ProxyCommand={way}"] if way else []),
        ),
    ]
    # The outer ssh expands % in the whole line; only %h and %p are meant for it.
    words = [*(word.replace("%", "%%") for word in argv), "-W", "[%h]:%p", *destination]
    return shlex.join(words)
