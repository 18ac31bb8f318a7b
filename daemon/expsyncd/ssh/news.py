"""Waiting, after a failure for good, until there is something to try; opens no connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from expsyncd.ssh.means import new_means

if TYPE_CHECKING:
    from collections.abc import Callable

    from expsyncd.ssh.login import Login

# What failed on the host after the login (no rsync, a noisy shell) may have been mended there by somebody.
FAILED_RETRY_S = 600.0


async def something_new(logins: Callable[[], list[Login]]) -> None:
    """Return at a login of the person, at changed keys or a changed config.

    `logins`: of the host and of its gateways. What failed for other reasons is worth a try now and then.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    while True:
        own = logins()
        changed = await new_means([login.means for login in own], [login.socket for login in own])
        failed = [login for login in own if login.failed]
        for login in failed:
            if not await login.in_vain() or await login.any_master():
                return
        if not failed and (changed or loop.time() - began > FAILED_RETRY_S):
            return
