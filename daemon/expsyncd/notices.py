"""Desktop notices: said once when only the person can help, where there is a desktop to say it on."""

from __future__ import annotations

import asyncio
import logging
import shutil
from typing import TYPE_CHECKING

from expsyncd.errors import Error
from expsyncd.process import run

if TYPE_CHECKING:
    from collections.abc import Mapping

    from expsyncd.clock import Clock
    from expsyncd.state.status import Trouble

logger = logging.getLogger(__name__)

PROGRAM = "notify-send"
WITHIN_S = 5.0
# Many hosts behind one gateway need the same login at the same time: that is one notice.
SAME_FOR_S = 300.0


class Notices:
    """`say` may be called from anywhere in the loop; `run` delivers."""

    def __init__(self, environment: Mapping[str, str], clock: Clock) -> None:
        self._environment = environment
        self._clock = clock
        self._waiting: asyncio.Queue[tuple[str, Trouble]] = asyncio.Queue()
        self._said_at: dict[Trouble, float] = {}

    def say(self, host: str, trouble: Trouble) -> None:
        """Wish a notice; one of the same words a short while ago is enough."""
        now = self._clock.monotonic()
        if now - self._said_at.get(trouble, float("-inf")) < SAME_FOR_S:
            return
        self._said_at[trouble] = now
        self._waiting.put_nowait((host, trouble))

    async def run(self) -> None:
        """Deliver what is wished; without a desktop the log and status have to do."""
        while True:
            host, trouble = await self._waiting.get()
            if self.possible:
                await self._deliver(host, trouble)

    @property
    def possible(self) -> bool:
        """Whether there is a desktop here that shows notices."""
        found = shutil.which(PROGRAM, path=self._environment.get("PATH"))
        return found is not None and bool(self._environment.get("DBUS_SESSION_BUS_ADDRESS"))

    async def _deliver(self, host: str, trouble: Trouble) -> None:
        title, body = f"expsyncd: {host}", f"{trouble.title}\n{trouble.advice}"
        # The body may be read as markup, and its words come from ssh.
        body = body.replace("&", "&amp;").replace("<", "&lt;")
        try:
            await run(
                [PROGRAM, "--app-name=expsyncd", "--icon=dialog-information", "--", title, body],
                timeout_s=WITHIN_S,
                environment=self._environment,
            )
        except Error as error:
            logger.info("no desktop notice: %s", error.title)
