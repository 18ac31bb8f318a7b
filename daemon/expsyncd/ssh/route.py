"""How the person's ssh_config leads to a host, and the same way without questions on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.process import run
from expsyncd.ssh import command, way
from expsyncd.ssh.diagnosis import ConnectionProblem, diagnose
from expsyncd.ssh.master import is_own_socket

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

RESOLVE_TIMEOUT_S = 10.0  # `Match exec` runs commands of the person
MOST_HOPS = 8  # a config whose ProxyJump leads in a circle ends here


class Router:
    """Asks `ssh -G`; connects to nothing."""

    def __init__(
        self,
        options: Sequence[str],
        environment: Mapping[str, str],
        connect_timeout_s: float,
        socket_dir: Path,
    ) -> None:
        self._options = options
        self._environment = environment
        self._connect_timeout_s = connect_timeout_s
        self._socket_dir = socket_dir

    async def way(self, destination: Sequence[str]) -> way.Way:
        """What the config says of `destination` (argv). Raises ConnectionProblem when it is broken."""
        completed = await run(
            command.resolve(self._options, destination),
            timeout_s=RESOLVE_TIMEOUT_S,
            environment=self._environment,
        )
        if completed.code != 0:
            code = None if completed.timed_out else completed.code
            alias = destination[-1]
            raise ConnectionProblem(
                diagnose(completed.complaint, code, alias=alias, limit_s=RESOLVE_TIMEOUT_S)
            )
        return way.parse(completed.text)

    async def proxy_command(self, destination: Sequence[str], depth: int = 0) -> str | None:
        """The ProxyCommand that stands for the ProxyJump of `destination`; None if there is none.

        Raises Error when its ProxyJumps lead in a circle.
        """
        hops = (await self.way(destination)).hops
        if depth + len(hops) > MOST_HOPS:
            raise Error(f"the ProxyJumps of {destination[-1]} lead in a circle", "check ~/.ssh/config")
        before: str | None = None
        for number, hop in enumerate(hops):
            here = command.hop_destination(hop)
            # Hops in a list are reached one through the other; only the first by its own config.
            if number == 0:
                before = await self.proxy_command(here, depth + len(hops))
            # With another user or port it is not the host whose master that would be.
            master = command.socket_path(self._socket_dir, here[-1]) if len(here) == 2 else None
            before = command.hop(
                self._options,
                here,
                connect_timeout_s=self._connect_timeout_s,
                socket=master if master and is_own_socket(master) else None,
                way=before,
            )
        return before
