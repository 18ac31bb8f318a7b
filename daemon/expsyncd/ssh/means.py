"""Means: all that a login can try with, so that a failed one is repeated only with something new."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.process import run
from expsyncd.ssh.way import Way

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from expsyncd.ssh.route import Router

AGENT_TIMEOUT_S = 2.0
LOOK_S = 2.0  # between two looks at the files and sockets: a dozen lstat()
# Between two questions to the agent, and to `ssh -G` about files of the config that are included.
ASK_S = 10.0

Stamp = tuple[tuple[str, int, int, int], ...]


def stamp(paths: Iterable[Path]) -> Stamp:
    """Name, inode, size and ns mtime of each; zeros for what is not there. Follows links."""
    found = []
    for path in paths:
        numbers = (0, 0, 0)
        with suppress(OSError):
            status = path.stat()
            numbers = (status.st_ino, status.st_size, status.st_mtime_ns)
        found.append((str(path), *numbers))
    return tuple(found)


class Means:
    """The config's words, key files and the agent's keys for one destination; opens no connection."""

    def __init__(
        self,
        router: Router,
        destination: Sequence[str],
        environment: Mapping[str, str],
        config_files: Sequence[Path],
    ) -> None:
        """`destination`: argv for ssh. `config_files`: ssh_config files whose change is seen at once."""
        self._router = router
        self._destination = destination
        self._environment = environment
        self._config_files = config_files
        self._way = Way()

    async def digest(self, *, of_host_key: bool = False) -> str | None:
        """Changes when a login could come out differently; `of_host_key`: a host key was the trouble.

        None while the agent does not answer: which keys it holds is not known then.
        """
        with suppress(Error):  # a broken config has a digest, too: that of the files
            self._way = await self._router.way(self._destination)
        files = stamp(self._way.known_hosts if of_host_key else self._way.keys)
        parts = [self._way.printed, repr(files)]
        if not of_host_key:
            if (keys := await self._agent()) is None:
                return None
            parts.append(keys)
        if not self._way.printed:
            parts.append(repr(stamp(self._config_files)))
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def glance(self, sockets: Iterable[Path] = ()) -> Stamp:
        """A cheap look at every file that may mean new means, and at `sockets`."""
        paths = [*self._config_files, *self._way.keys, *self._way.known_hosts, *sockets]
        if self._way.control_path is not None:
            paths.append(self._way.control_path)
        return stamp(paths)

    async def _agent(self) -> str | None:
        """The keys that the agent holds, as text; empty without an agent, None when it is silent."""
        agent = self._way.agent
        if agent.lower() == "none":
            return ""
        environment = dict(self._environment)
        if agent.startswith("/"):
            environment["SSH_AUTH_SOCK"] = agent
        if not environment.get("SSH_AUTH_SOCK"):
            return ""
        with suppress(Error):
            asked = await run(["ssh-add", "-L"], timeout_s=AGENT_TIMEOUT_S, environment=environment)
            return None if asked.timed_out else asked.text
        return ""


async def new_means(all_means: Sequence[Means], sockets: Sequence[Path]) -> bool:
    """True as soon as a file or socket of any is not what it was at the call; False after `ASK_S`."""
    before = [means.glance(sockets) for means in all_means]
    loop = asyncio.get_running_loop()
    deadline = loop.time() + ASK_S
    while loop.time() < deadline:
        await asyncio.sleep(LOOK_S)
        if [means.glance(sockets) for means in all_means] != before:
            return True
    return False
