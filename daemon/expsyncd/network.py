"""Notices that this laptop's network has changed: another Wi-Fi, a cable, a VPN. Linux only."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import socket
import struct
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# <linux/rtnetlink.h>: the groups of RTMGRP_LINK, IPV4_IFADDR, IPV4_ROUTE, IPV6_IFADDR and IPV6_ROUTE.
NETLINK_ROUTE = 0
GROUPS = 0x1 | 0x10 | 0x40 | 0x100 | 0x400
# A change comes as a burst: link, addresses, routes. What is quiet for this long has settled.
QUIET_S = 0.5
# A network that never is quiet is looked at all the same.
LONGEST_BURST_S = 3.0
# Containers and VPNs that come and go must not make us knock at every host each time.
NOT_AGAIN_WITHIN_S = 5.0
# <linux/sockios.h>, <linux/if.h>
SIOCGIFFLAGS = 0x8913
IFF_RUNNING = 0x40
# The ends of containers' cables come and go with them and lead to no host of ours.
PASSING = ("veth", "lo")


class Network:
    """`run` calls `on_change` when the ways out of this machine are others than before."""

    def __init__(
        self,
        on_change: Callable[[], None],
        *,
        look: Callable[[], str] | None = None,
        quiet_s: float = QUIET_S,
        not_again_within_s: float = NOT_AGAIN_WITHIN_S,
    ) -> None:
        """`look`: the ways out as text; events are many, and only a change of it counts."""
        self._on_change = on_change
        self._look = look or ways_out
        self._quiet_s = quiet_s
        self._not_again_within_s = not_again_within_s
        self._before = ""
        self._burst = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled; returns at once where the kernel does not tell."""
        listening = _listening()
        if listening is None:
            return
        loop = asyncio.get_running_loop()
        with listening:
            loop.add_reader(listening, self._heard, listening)
            try:
                await self.settle()
            finally:
                loop.remove_reader(listening)

    async def settle(self) -> None:
        """For each burst of events compare the ways out before and after; until cancelled."""
        loop = asyncio.get_running_loop()
        self._before = await asyncio.to_thread(self._look)
        while True:
            await self._burst.wait()
            deadline = loop.time() + LONGEST_BURST_S
            while self._burst.is_set() and loop.time() < deadline:
                self._burst.clear()
                await asyncio.sleep(self._quiet_s)
            now = await asyncio.to_thread(self._look)
            if now == self._before:
                continue
            self._before = now
            logger.info("the network has changed: looking after every host")
            self._on_change()
            await asyncio.sleep(self._not_again_within_s)

    def note(self) -> None:
        """Something about links, addresses or routes has happened."""
        self._burst.set()

    def _heard(self, listening: socket.socket) -> None:
        # What the messages say is not parsed: they tell of every refreshed lifetime, too. An overflow of the
        # socket (ENOBUFS) means that there was something as well.
        with suppress(OSError):
            listening.recv(1 << 16)
        self.note()


def _listening() -> socket.socket | None:
    if not hasattr(socket, "AF_NETLINK"):
        return None
    try:
        found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, NETLINK_ROUTE)
    except OSError:
        return None  # a sandbox without netlink
    try:
        found.bind((0, GROUPS))
    except OSError:
        found.close()
        return None
    return found


def ways_out(proc: Path = Path("/proc/net"), carrying: Callable[[], list[str]] | None = None) -> str:
    """Routes and addresses of this machine and the links that carry, as text that changes only with them."""
    parts = [_text(proc / "fib_trie"), _text(proc / "route")]
    # Of a route the use and reference counts change all the time, of an address its flags.
    parts += _columns(_text(proc / "ipv6_route"), 5)
    parts += _columns(_text(proc / "if_inet6"), 4)
    parts += (carrying or links_that_carry)()
    return "\n".join(parts)


def _columns(table: str, kept: int) -> list[str]:
    """The first columns and the link's name, which is the last one, of each line about a link that counts."""
    lines = [line.split() for line in table.splitlines()]
    return sorted(" ".join([*line[:kept], line[-1]]) for line in lines if line and _counts(line[-1]))


def _counts(link: str) -> bool:
    return not link.startswith(PASSING)


def links_that_carry() -> list[str]:
    """Names of the links with a cable, a Wi-Fi or a peer at their other end."""
    # Not by /sys/class/net: it may show the links of another network namespace.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        return sorted(name for _, name in socket.if_nameindex() if _counts(name) and _carries(asking, name))


def _carries(asking: socket.socket, name: str) -> bool:
    wanted = struct.pack("16sH14x", name.encode(), 0)
    try:
        answer = fcntl.ioctl(asking, SIOCGIFFLAGS, wanted)
    except OSError:  # gone meanwhile
        return False
    return bool(struct.unpack("16sH14x", answer)[1] & IFF_RUNNING)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
