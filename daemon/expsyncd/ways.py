"""Ways: what the connections of all hosts share. Gateways, and logins that are known to be in vain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import Diagnosis
from expsyncd.ssh.gateways import Gateways
from expsyncd.ssh.login import Setting, quiet
from expsyncd.ssh.vain import Vain, VainLogins
from expsyncd.state.logins import NeededLogin

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from expsyncd.clock import Clock
    from expsyncd.pull.source import Tools
    from expsyncd.state.logins import NeededLogins


@dataclass(frozen=True)
class Ways:
    """`task` keeps the gateways' masters; cancelled, it ends them."""

    vain: VainLogins
    gateways: Gateways
    task: asyncio.Task[None]


async def open_ways(
    group: asyncio.TaskGroup,
    tools: Tools,
    clock: Clock,
    *,
    socket_dir: Path,
    ssh_options: Sequence[str],
    environment: Mapping[str, str],
) -> Ways:
    """With what facts.db remembers of earlier lives."""
    thread, logins = tools.thread, tools.facts.logins

    async def remember(name: str, vain: Vain | None) -> None:
        if vain is None:
            await thread.run(logins.forget, name)
        else:
            await thread.run(logins.remember, _needed(name, vain))

    vain = VainLogins(await thread.run(known_logins, logins), remember)
    gateways = Gateways(Setting(socket_dir, tuple(ssh_options), quiet(environment), vain=vain), clock)
    return Ways(vain, gateways, group.create_task(gateways.run(), name="gateways"))


def known_logins(logins: NeededLogins) -> dict[str, Vain]:
    """What earlier lives learned: logins that are in vain without the person, by name."""
    return {row.name: _vain(row) for row in logins.known()}


def _needed(name: str, vain: Vain) -> NeededLogin:
    found = vain.diagnosis
    return NeededLogin(name, vain.digest, found.kind.value, found.title, found.advice)


def _vain(row: NeededLogin) -> Vain:
    kinds = {kind.value: kind for kind in Kind}
    kind = kinds.get(row.kind, Kind.SECOND_FACTOR)  # of a later version: only a login helps
    return Vain(row.digest, Diagnosis(kind, row.title, row.advice, retry=False, needs_login=True))
