"""How the person's ssh_config leads to a host, and the same way without questions on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.process import run
from expsyncd.ssh import command, way
from expsyncd.ssh.diagnosis import ConnectionProblem, diagnose
from expsyncd.ssh.master import is_own_socket

if TYPE_CHECKING:
    from collections.abc import Mapping

Hold = Callable[[str, Sequence[str], str | None], Awaitable[Path]]

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
        home = self._environment.get("HOME")
        return way.parse(completed.text, Path(home) if home else None)

    async def proxy_command(
        self, destination: Sequence[str], hold: Hold | None = None, depth: int = 0
    ) -> str | None:
        """The ProxyCommand that stands for the ProxyJump of `destination`; None if there is none.

        `hold` gives the socket of a live master of each hop, which is then gone through.
        Raises Error when its ProxyJumps lead in a circle, and what `hold` raises.
        """
        hops = (await self.way(destination)).hops
        if depth + len(hops) > MOST_HOPS:
            raise Error(f"the ProxyJumps of {destination[-1]} lead in a circle", "check ~/.ssh/config")
        before: str | None = None
        for number, hop in enumerate(hops):
            here = command.hop_destination(hop)
            # Hops in a list are reached one through the other; only the first by its own config.
            if number == 0:
                before = await self.proxy_command(here, hold, depth + len(hops))
            socket = await hold(hop_name(hop), here, before) if hold else self._left(hop)
            before = command.hop(
                self._options,
                here,
                connect_timeout_s=self._connect_timeout_s,
                socket=socket,
                way=before,
                held=hold is not None,
            )
        return before

    async def hops(self, destination: Sequence[str], depth: int = 0) -> dict[str, list[str]]:
        """Name and argv of every hop on the way to `destination`, nearest first.

        Raises as `proxy_command` does.
        """
        hops = (await self.way(destination)).hops
        if depth + len(hops) > MOST_HOPS:
            raise Error(f"the ProxyJumps of {destination[-1]} lead in a circle", "check ~/.ssh/config")
        found: dict[str, list[str]] = {}
        if hops:
            found = await self.hops(command.hop_destination(hops[0]), depth + len(hops))
        return found | {hop_name(hop): command.hop_destination(hop) for hop in hops}

    def _left(self, hop: str) -> Path | None:
        """The socket of a master of ours, if there is one; it may be stale."""
        socket = command.socket_path(self._socket_dir, hop_name(hop))
        return socket if is_own_socket(socket) else None


def hop_name(hop: str) -> str:
    """A word of ProxyJump as a name: a plain alias is the alias itself."""
    return hop.removeprefix("ssh://").rstrip("/")
