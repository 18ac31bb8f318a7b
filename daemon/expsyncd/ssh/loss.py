"""Notices that a connection is over, whichever way it ends: the master's exit, its silence, the host's."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.ssh.diagnosis import ConnectionProblem, master_silent, unanswered
from expsyncd.ssh.hello import deaf
from expsyncd.ssh.master import is_own_socket

if TYPE_CHECKING:
    from expsyncd.ssh.master import Master
    from expsyncd.ssh.pulse import Pulse

LAST_MOMENT_S = 0.3


async def noticed(master: Master, pulse: Pulse, *, adopted: bool) -> ConnectionProblem | None:
    """Return when the connection over `master` is over; why, or None when the master itself has ended."""
    async with asyncio.TaskGroup() as group:
        gone = group.create_task(master.gone(), name=f"end of the master at {master.socket}")
        silent = group.create_task(pulse.stopped(adopted=adopted), name=f"round trips over {master.socket}")
        hung = group.create_task(deaf(master), name=f"greetings of {master.socket}")
        await asyncio.wait([gone, silent, hung], return_when=asyncio.FIRST_COMPLETED)
        if hung.done() and not gone.done():  # its socket goes a moment before it ends
            await asyncio.wait([gone], timeout=LAST_MOMENT_S)
        ended, unheard = gone.done(), silent.done()
        for task in (gone, silent, hung):
            task.cancel()
    if ended:
        return None
    if unheard:
        return ConnectionProblem(unanswered(pulse.silent_for_s()))
    return ConnectionProblem(master_silent(there=is_own_socket(master.socket)))
