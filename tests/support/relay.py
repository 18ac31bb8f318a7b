"""A TCP relay between ssh and an sshd, which can do to a connection what networks do."""

from __future__ import annotations

import socket
import struct
import threading
from contextlib import suppress

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)  # close() then sends RST in place of FIN


class Relay:
    """Passes bytes between 127.0.0.1:`port` and `goal`, a port on loopback, until told otherwise."""

    def __init__(self, goal: int, *, address: str = "127.0.0.1") -> None:
        self.goal = goal
        self.address = address
        self._flows = threading.Event()
        self._flows.set()
        self._resets = False
        self._pairs: list[_Pair] = []
        self._threads: list[threading.Thread] = []
        self._closed = False
        self._listener: socket.socket | None = None
        self.port = 0
        self.taken = 0  # connections so far
        self.passed = 0  # bytes in both directions so far
        self.listen()

    # --- what networks do ---------------------------------------------------------------------------

    def hold(self) -> None:
        """Pass nothing on; what was sent arrives after `flow`, as TCP's repeats would bring it."""
        self._flows.clear()

    def flow(self) -> None:
        """Pass everything on again."""
        self._resets = False
        self._flows.set()

    def forget(self) -> None:
        """The connections of now never pass a byte again, nor end, as behind a router that was restarted."""
        for pair in self._pairs:
            pair.lost = True

    def reset(self, *, every_new_one: bool = False) -> None:
        """Reset all connections and, until `flow`, every new one."""
        self._resets = every_new_one
        for pair in self._pairs:
            pair.reset()

    def refuse(self) -> None:
        """Listen no more: connections are refused."""
        if self._listener is not None:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None

    def listen(self) -> None:
        """Take connections, at the same port as before."""
        self._listener = socket.create_server((self.address, self.port))
        self.port = self._listener.getsockname()[1]
        self._start(self._accept, self._listener)

    def close(self) -> None:
        """End everything; no thread is left."""
        self._closed = True
        self.refuse()
        self._flows.set()
        for pair in self._pairs:
            pair.reset()
        for thread in self._threads:
            thread.join(10)

    # --- inside -------------------------------------------------------------------------------------

    def _start(self, run, *arguments) -> None:
        thread = threading.Thread(target=run, args=arguments, name=f"relay {self.port}", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            self.taken += 1
            self._start(self._serve, near)

    def _serve(self, near: socket.socket) -> None:
        if self._resets:
            _reset(near)
            return
        # The far end is asked only when bytes flow: nothing reaches a host through a dead network.
        self._flows.wait()
        try:
            far = socket.create_connection(("127.0.0.1", self.goal), timeout=10)
        except OSError:
            _reset(near)
            return
        far.settimeout(None)
        pair = _Pair(near, far)
        self._pairs.append(pair)
        if self._closed:
            pair.reset()
        self._start(self._pump, pair, far, near)
        self._pump(pair, near, far)

    def _pump(self, pair: _Pair, giver: socket.socket, taker: socket.socket) -> None:
        try:
            while chunk := giver.recv(CHUNK):
                self._flows.wait()
                if not pair.lost:
                    taker.sendall(chunk)
                    self.passed += len(chunk)
            self._flows.wait()
            if not pair.lost:
                taker.shutdown(socket.SHUT_WR)
        except OSError:
            pair.reset()


class _Pair:
    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.lost = False
        self._ends = (near, far)

    def reset(self) -> None:
        for end in self._ends:
            _reset(end)


def _reset(end: socket.socket) -> None:
    with suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        end.shutdown(socket.SHUT_RD)  # wakes whoever reads it
    with suppress(OSError):
        end.close()
