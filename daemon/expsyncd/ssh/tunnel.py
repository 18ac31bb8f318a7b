"""Tunnel: one configured forward kept open, and called open only when a look from end to end got through."""

from __future__ import annotations

import asyncio
import errno
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from expsyncd.errors import Error
from expsyncd.owner import owner
from expsyncd.ssh.tunnel_probe import Heard, look
from expsyncd.state.status import Trouble
from expsyncd.state.tunnels import (
    TunnelFailed,
    TunnelOpen,
    TunnelOpening,
    TunnelState,
    TunnelStatus,
    TunnelWaiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.clock import Clock
    from expsyncd.config.model import ForwardConfig
    from expsyncd.ssh.forwarding import Reached

OPEN_EVERY_S = 15.0  # between two looks through an open tunnel; each costs milliseconds
AGAIN_S = 3.0  # after trouble
FORBIDDEN_AGAIN_S = 60.0  # an admin may allow it meanwhile
LISTEN_S = 0.5  # beyond three round trips: what is closed behind shows by then
REACH_WITHIN_S = 5.0
CANCEL_WITHIN_S = 2.0
ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - the person's own wish; where to look then

AT_LOCALHOST = {"127.0.0.1", *ANYWHERE}


class Forwards(Protocol):
    """The part of a connection that tunnels use."""

    async def open(self, local: str, remote: str) -> bool: ...  # noqa: D102 - see ssh/forwarding.py

    async def cancel(self, local: str, remote: str) -> None: ...  # noqa: D102

    async def reach(self, remote: str, limit_s: float) -> Reached: ...  # noqa: D102


class Tunnel:
    """`run` lives as long as the connection does."""

    def __init__(
        self,
        host: str,
        config: ForwardConfig,
        address: tuple[str, int],
        put: Callable[[TunnelState], None],
        clock: Clock,
    ) -> None:
        """`address`: the local end. `put` hears of every new state."""
        self._host = host
        self._remote = config.remote
        self._address, self._port = address
        self._local = (
            f"[{self._address}]:{self._port}" if ":" in self._address else f"{self._address}:{self._port}"
        )
        # Pages know it by this name; at another address nothing answers to it.
        self._shown = f"localhost:{self._port}" if self._address in AT_LOCALHOST else self._local
        self._put = put
        self._clock = clock
        self._state = TunnelState(self._local, config.remote, config.tensorboard)
        # What answers there, once it is known: it decides how the next look is done.
        self._kind: Heard | None = Heard.HTTP if config.tensorboard else None
        self._asked = False
        self._owed = False  # it may be there by our doing, so it is to be taken back
        self._may_be_there = True
        self._put(self._state)

    def unreachable(self, cause: Trouble) -> None:
        """The host is not connected."""
        self._become(TunnelWaiting(cause))

    async def run(self, forwards: Forwards, round_trip_s: float, turn: asyncio.Lock) -> None:
        """Keep it open until cancelled. `turn`: one tunnel at a time asks why it is refused."""
        self._asked = self._owed = False
        self._may_be_there = True
        self._become(TunnelOpening())
        try:
            while True:
                try:
                    status = await self._look(forwards, round_trip_s, turn)
                except Error as error:
                    status = TunnelWaiting(Trouble(error.title, error.advice))
                self._become(status)
                match status:
                    case TunnelOpen():
                        await asyncio.sleep(OPEN_EVERY_S)
                    case TunnelFailed():
                        await asyncio.sleep(FORBIDDEN_AGAIN_S)
                    case _:
                        await asyncio.sleep(AGAIN_S)
        finally:
            if self._owed:
                # A master of the person lives on, and would keep the port.
                with suppress(Error, TimeoutError):
                    async with asyncio.timeout(CANCEL_WITHIN_S):
                        await forwards.cancel(self._local, self._remote)

    async def _look(self, forwards: Forwards, round_trip_s: float, turn: asyncio.Lock) -> TunnelStatus:
        if not self._asked:
            taken = self._taken()
            if taken and not self._may_be_there:
                return taken
            # A master that outlives us may hold it from an earlier life, or it did not answer in time. Of a
            # port that is taken it is asked once: the person's own says each refusal to their terminal.
            self._may_be_there = not taken
            self._owed = self._owed or not taken
            if not await forwards.open(self._local, self._remote):
                return self._taken() or TunnelWaiting(Trouble("ssh could not open the local end"))
            self._asked = True
        listens = LISTEN_S + 3 * round_trip_s
        http = self._kind is Heard.HTTP
        heard = await look(
            ANYWHERE.get(self._address, self._address),
            self._port,
            listen_s=0.0 if http else listens,
            asks=self._kind in (None, Heard.HTTP),
        )
        match heard:
            case Heard.NOBODY:
                self._asked, self._may_be_there = False, True
                return TunnelWaiting(Trouble("the local end is gone", "it is opened again"))
            case Heard.HTTP:
                return self._open(heard, f"http://{self._shown}/")
            case Heard.TALKS:
                return self._open(heard, self._shown)
        if http and isinstance(self._state.status, TunnelOpen):
            # Not only once it is known why: many may wait for their turn to ask.
            self._become(TunnelWaiting(Trouble(f"{self._remote} does not answer")))
        async with turn:
            reached = await forwards.reach(self._remote, REACH_WITHIN_S)
        patient = heard in (Heard.SILENT, Heard.HUNG_UP) and self._kind is not Heard.HTTP
        if reached.word == "accepted" and patient:
            return self._open(Heard.SILENT, self._shown)
        return self._why_not(heard, reached)

    def _open(self, kind: Heard, url: str) -> TunnelOpen:
        self._kind = self._kind or kind
        return TunnelOpen(url, self._clock.now())

    def _why_not(self, heard: Heard, reached: Reached) -> TunnelStatus:
        match reached.word:
            case "forbidden":
                return TunnelFailed(
                    Trouble(
                        f"{self._host} forbids forwarding to {self._remote}",
                        "its sshd needs AllowTcpForwarding, and PermitOpen for it: ask its admin",
                    )
                )
            case "silent":
                return TunnelWaiting(Trouble(f"{self._host} gets no answer from {self._remote}"))
            case "refused":
                why = f": {reached.why}" if reached.why else ", or it forbids forwarding"
                return TunnelWaiting(Trouble(f"{self._host} cannot connect to {self._remote}{why}"))
            case "accepted" if heard is Heard.SILENT:
                return TunnelWaiting(Trouble(f"{self._remote} takes connections but does not answer"))
            case "accepted":
                return TunnelWaiting(Trouble(f"{self._remote} closes connections at once"))

    def _taken(self) -> TunnelStatus | None:
        """Why the local end cannot be ours now."""
        number = _bind_error(self._address, self._port)
        if number is None:
            return None
        if number == errno.EADDRINUSE:
            who = owner(self._port) or "somebody else"
            return TunnelWaiting(
                Trouble(
                    f"port {self._port} is taken by {who}",
                    "end that, or give the forward another local port in hosts.yaml",
                )
            )
        if number == errno.EACCES:
            advice = "give the forward a local port from 1024 up"
            return TunnelFailed(Trouble(f"port {self._port} is only for root", advice))
        title = f"{self._address} is no address of this computer"
        return TunnelFailed(Trouble(title, "give the forward another local end"))

    def _become(self, status: TunnelStatus) -> None:
        state = TunnelState(self._local, self._remote, self._state.tensorboard, status)
        if state != self._state:
            self._state = state
            self._put(state)


def _bind_error(address: str, port: int) -> int | None:
    """The errno of listening there; None when we could."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno
    return None
