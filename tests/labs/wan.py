"""A slow, lossy link between two network namespaces, in user space: kernels without sch_netem have none.

wan.py NAMESPACE LINK NAMESPACE LINK SOCKET joins two TUN devices and prints `ready`; the second side's
addresses choose the treatment. wan.py --tell SOCKET IP KEY=VALUE... changes it: delay (one way, s), jitter (s),
loss (0 to 1), rate (bytes/s, 0 is none), drop (a black hole). IP `*` is for all that were not named.
"""

from __future__ import annotations

import ctypes
import fcntl
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time
from contextlib import suppress

# <linux/if_tun.h>, <sched.h>
TUNSETIFF, TUNSETOFFLOAD = 0x400454CA, 0x400454D0
IFF_TUN, IFF_NO_PI, IFF_VNET_HDR = 0x1, 0x1000, 0x4000
OFFLOAD = 0x1 | 0x2 | 0x4  # checksums and large segments: packets of 64 kB pass as one
CLONE_NEWNET = 0x40000000
VNET_HEADER = 10  # bytes before the IPv4 header
SENDER, RECEIVER = VNET_HEADER + 12, VNET_HEADER + 16  # where an IPv4 header has its addresses
LONGEST_PACKET = 70_000
QUEUE_BYTES = 4 << 20  # what waits beyond that for a `rate` is lost, as in a router
DEFAULT = {"delay": 0.02, "jitter": 0.0, "loss": 0.0, "rate": 0, "drop": False}


def tun(namespace: str, name: str) -> int:
    """A TUN device in the namespace at that path."""
    libc = ctypes.CDLL(None, use_errno=True)
    there = os.open(namespace, os.O_RDONLY)
    if libc.setns(there, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), f"setns {namespace}")
    os.close(there)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH22x", name.encode(), IFF_TUN | IFF_NO_PI | IFF_VNET_HDR))
    fcntl.ioctl(device, TUNSETOFFLOAD, OFFLOAD)
    return device


class Wan:
    """The link; `run` until killed."""

    def __init__(self, near: int, far: int, control: socket.socket) -> None:
        self._near, self._far, self._control = near, far, control
        self._treatment: dict[bytes, dict[str, float]] = {b"*": dict(DEFAULT)}
        self._queue: list[tuple[float, int, int, bytes]] = []
        self._free_at: dict[tuple[bytes, int], float] = {}
        self._number = 0
        self._counts = {"passed": 0, "lost": 0, "dropped": 0}

    def run(self) -> None:
        """Pass packets on, each when it is due."""
        poll = select.epoll()
        for fd in (self._near, self._far, self._control.fileno()):
            poll.register(fd, select.EPOLLIN)
        while True:
            wait_s = max(0.0, self._queue[0][0] - time.monotonic()) if self._queue else None
            for fd, _ in poll.poll(wait_s):
                if fd == self._near:
                    self._take(self._near, self._far, RECEIVER)
                elif fd == self._far:
                    self._take(self._far, self._near, SENDER)
                else:
                    self._listen()
            self._give()

    def _take(self, giver: int, taker: int, address_at: int) -> None:
        for _ in range(64):  # then the other side has its turn
            try:
                packet = os.read(giver, LONGEST_PACKET)
            except BlockingIOError:
                return
            address = packet[address_at : address_at + 4]
            treatment = self._treatment.get(address) or self._treatment[b"*"]
            if treatment["drop"]:
                self._counts["dropped"] += 1
                continue
            due = self._due(treatment, address, taker, len(packet))
            if due is None or random.random() < treatment["loss"]:
                self._counts["lost"] += 1
                continue
            self._number += 1
            heapq.heappush(self._queue, (due, self._number, taker, packet))

    def _due(self, treatment: dict[str, float], address: bytes, taker: int, size: int) -> float | None:
        now = time.monotonic()
        sent = now
        if rate := treatment["rate"]:
            begins = max(now, self._free_at.get((address, taker), 0.0))
            if (begins - now) * rate > QUEUE_BYTES:
                return None
            sent = self._free_at[address, taker] = begins + size / rate
        return sent + treatment["delay"] + random.random() * treatment["jitter"]

    def _give(self) -> None:
        now = time.monotonic()
        while self._queue and self._queue[0][0] <= now:
            _, _, taker, packet = heapq.heappop(self._queue)
            with suppress(OSError):
                os.write(taker, packet)
                self._counts["passed"] += 1

    def _listen(self) -> None:
        asking, _ = self._control.accept()
        with asking:
            asking.settimeout(1)
            try:
                wish = json.loads(asking.recv(1 << 16))
                address = wish.pop("ip")
                key = b"*" if address == "*" else socket.inet_aton(address)
                self._treatment[key] = {**self._treatment.get(key, self._treatment[b"*"]), **wish}
                asking.sendall(json.dumps(self._counts).encode())
            except (OSError, ValueError, KeyError) as error:
                with suppress(OSError):
                    asking.sendall(repr(error).encode())


def tell(path: str, address: str, **wish: float) -> str:
    """Change the treatment of an address; the counts so far."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.connect(path)
        link.sendall(json.dumps({"ip": address, **wish}).encode())
        return link.recv(1 << 16).decode()


def main(words: list[str]) -> None:
    """See the module."""
    if words[0] == "--tell":
        _, path, address, *settings = words
        print(tell(path, address, **{k: json.loads(v) for k, _, v in (s.partition("=") for s in settings)}))
        return
    near, near_link, far, far_link, path = words
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
        control.bind(path)
        control.listen()
        wan = Wan(tun(near, near_link), tun(far, far_link), control)
        print("ready", flush=True)
        wan.run()


if __name__ == "__main__":
    main(sys.argv[1:])
