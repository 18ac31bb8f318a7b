"""What `expsyncd login` has to open in the person's terminal: the host and the gateways before it."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.ssh import command
from expsyncd.ssh.login import Login

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from expsyncd.ssh.login import Setting

# A hop over a live master dies with the terminal's session, and what lies behind it with the hop; it asks
# nothing, so it needs no terminal. There is no setsid(1) on macOS.
_SETSID = "import os,sys;os.setsid();os.execvp(sys.argv[1],sys.argv[1:])"
APART = shlex.join([sys.executable, "-c", _SETSID])
_METHOD = re.compile(r'^Authenticated (?:to .*?|)using "(?P<method>[^"]+)"', re.MULTILINE)
# What a person answers; a hardware key's touch is not told apart from a plain one.
TYPED_METHODS = frozenset({"password", "keyboard-interactive"})


@dataclass(frozen=True)
class Step:
    """One master to open: `destination` is argv for ssh, `way` leads there over the steps before."""

    name: str
    destination: tuple[str, ...]
    socket: Path
    way: str | None


async def steps(alias: str, setting: Setting) -> list[Step]:
    """Nearest first; destinations with a live master, ours or the person's own, need none.

    Raises Error when the person's ssh_config is broken.
    """
    found: list[Step] = []
    way: str | None = None
    hops = await setting.router.hops(["--", alias])
    for name, destination in [*hops.items(), (alias, ["--", alias])]:
        login = Login(name, destination, setting)
        socket = await _live(login)
        if socket is None:
            found.append(Step(name, tuple(destination), login.socket, way))
            socket = login.socket
        over = command.hop(
            setting.options,
            destination,
            connect_timeout_s=setting.connect_timeout_s,
            socket=socket,
            held=True,
        )
        way = f"{APART} {over}"
    # A live master of the host itself needs no gateway.
    return found if found and found[-1].name == alias else []


def argv(step: Step, options: Sequence[str], log: Path) -> list[str]:
    """The ssh that the person answers."""
    return command.typed(options, step.socket, step.destination, log=log, way=step.way)


def was_typed(said: str) -> bool:
    """Whether the login that ssh told of in `said` asked the person for something."""
    return any(found["method"] in TYPED_METHODS for found in _METHOD.finditer(said))


async def _live(login: Login) -> Path | None:
    async for master in login.masters():
        return master.socket
    return None
