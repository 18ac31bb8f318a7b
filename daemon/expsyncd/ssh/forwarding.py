"""Forwards asked of a live master, and whether the host reaches what lies behind them."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from expsyncd.process import Child, run
from expsyncd.ssh import command
from expsyncd.ssh.diagnosis import printable
from expsyncd.ssh.master import OwnMaster

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.ssh.master import Master

ASK_TIMEOUT_S = 5.0  # a frozen master answers nothing
WORDS_WITHIN_S = 0.3  # the master's words may come a moment after the refusal
POLL_S = 0.02
# OpenSSH's own words (mux.c, clientloop.c) of 8.4 to 10.
_ACCEPTED = b"master session id"
_REFUSED = re.compile(r"^channel \d+: open failed: (?P<why>[^\r\n]*)", re.MULTILINE)

Word = Literal["accepted", "refused", "forbidden", "silent"]


@dataclass(frozen=True)
class Reached:
    """Whether the host got a connection to the far end; `why` not, if anybody said so."""

    word: Word
    why: str = ""


class Forwarding:
    """Rides on one master; the person's own forwards and config stay out of it."""

    def __init__(self, master: Master, alias: str, environment: Mapping[str, str]) -> None:
        self._master = master
        self._alias = alias
        self._environment = environment

    async def open(self, local: str, remote: str) -> bool:
        """Ask for a forward; asking again for one that is there is fine. False: the local end was refused.

        True says nothing about the far end. Raises Error when no ssh can be started.
        """
        return await self._ask("forward", local, remote)

    async def cancel(self, local: str, remote: str) -> None:
        """Take it back, if it is there."""
        await self._ask("cancel", local, remote)

    async def reach(self, remote: str, limit_s: float) -> Reached:
        """Let the host connect to `remote` once, and hang up."""
        heard = self._master.heard if isinstance(self._master, OwnMaster) else 0
        argv = command.stdio_forward(self._master.socket, self._alias, remote)
        said = b""
        try:
            async with (
                asyncio.timeout(limit_s),
                await Child.start(
                    argv, stdin=True, environment=self._environment, stdout=asyncio.subprocess.DEVNULL
                ) as child,
            ):
                async for chunk in child.chunks(stderr=True):
                    said += chunk
                    if _ACCEPTED in said:
                        return Reached("accepted")
        except TimeoutError:
            return Reached("silent")
        return await self._why(heard)

    async def _why(self, heard: int) -> Reached:
        """What our master said of a refusal; the person's own says it to their terminal only."""
        master = self._master
        if not isinstance(master, OwnMaster):
            return Reached("refused")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + WORDS_WITHIN_S
        found: set[str] = set()
        while not found and loop.time() < deadline:
            await asyncio.sleep(POLL_S)
            found = set(_REFUSED.findall(master.said_since(heard)))
        if len(found) != 1:  # several may be about other tunnels
            return Reached("refused")
        why = printable(found.pop()).strip()
        if why.startswith("administratively prohibited"):
            return Reached("forbidden")
        return Reached("refused", why.removeprefix("connect failed: "))

    async def _ask(self, what: Literal["forward", "cancel"], local: str, remote: str) -> bool:
        argv = command.forward(self._master.socket, self._alias, what, local, remote)
        completed = await run(argv, timeout_s=ASK_TIMEOUT_S, environment=self._environment)
        return completed.code == 0 and not completed.timed_out
