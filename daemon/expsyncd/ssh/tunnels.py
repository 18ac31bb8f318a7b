"""Tunnels: every forward of a host, kept open over its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.config.ports import local_address
from expsyncd.ssh.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.clock import Clock
    from expsyncd.config.model import HostConfig
    from expsyncd.ssh.tunnel import Forwards
    from expsyncd.state.status import Trouble
    from expsyncd.state.tunnels import TunnelState


class Tunnels:
    """By name, which is the local port where the address goes without saying."""

    def __init__(self, config: HostConfig, put: Callable[[str, TunnelState], None], clock: Clock) -> None:
        """`put` hears of every new state by the tunnel's name."""
        self._tunnels: dict[str, Tunnel] = {}
        for forward in config.forwards:
            address = local_address(forward.local)
            name = _name(address)

            def put_own(state: TunnelState, name: str = name) -> None:
                put(name, state)

            self._tunnels[name] = Tunnel(config.name, forward, address, put_own, clock)

    def unreachable(self, cause: Trouble) -> None:
        """The host is not connected."""
        for tunnel in self._tunnels.values():
            tunnel.unreachable(cause)

    async def run(self, forwards: Forwards, round_trip_s: float) -> None:
        """Keep all open over one connection, until cancelled."""
        turn = asyncio.Lock()
        async with asyncio.TaskGroup() as group:
            for name, tunnel in self._tunnels.items():
                group.create_task(tunnel.run(forwards, round_trip_s, turn), name=f"tunnel {name}")


def _name(address: tuple[str, int]) -> str:
    return str(address[1]) if address[0] == "127.0.0.1" else f"{address[0]}:{address[1]}"
