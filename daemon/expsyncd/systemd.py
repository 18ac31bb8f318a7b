"""sd_notify by hand (systemd's sd_notify(3)): readiness, the status line, the watchdog."""

from __future__ import annotations

import logging
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

BEAT_S = 10.0  # without a watchdog: how often the status line is renewed
TICK_LATE_S = 20.0  # the schedule ticks every second; a ticker this late is stuck


class Notifier:
    """Sends to $NOTIFY_SOCKET; without one every call does nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        microseconds = environment.get("WATCHDOG_USEC", "")
        watchdog_s = int(microseconds) / 1e6 if microseconds.isdigit() else 0.0
        # Three times within the limit, so that one late beat is no death.
        self.beat_every_s = min(BEAT_S, watchdog_s / 3) if watchdog_s else BEAT_S
        self._watched = bool(watchdog_s)
        self._line = ""

    def ready(self) -> None:
        """Start-up or a reload is done."""
        self.send("READY=1")

    def reloading(self) -> None:
        """hosts.yaml is read again."""
        self.send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The stop has begun."""
        self.send("STOPPING=1")

    def alive(self, ticked_ago_s: float, line: str) -> bool:
        """Show the status line; feed the watchdog only while the ticker ticks. Whether it was fed."""
        if line != self._line:
            self._line = line
            self.send(f"STATUS={line}")
        if ticked_ago_s > TICK_LATE_S:
            logger.error("the ticker has not ticked for %.0f s: the watchdog is not fed", ticked_ago_s)
            return False
        if self._watched:
            self.send("WATCHDOG=1")
        return True

    def send(self, message: str) -> None:
        """Send one message; a manager that is gone is not our trouble."""
        if not self._address:
            return
        # A leading @ is an address in the abstract namespace of Linux.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
                sender.connect(address)
                sender.sendall(message.encode())
        except OSError as error:
            logger.debug("the service manager cannot be told: %s", error)
