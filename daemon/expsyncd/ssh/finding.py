"""Finding out on a fresh connection how files can come: rsync, rsync alone, or sftp."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, Protocol

from expsyncd.ssh import probe
from expsyncd.ssh.causes import Kind
from expsyncd.ssh.diagnosis import (
    ConnectionProblem,
    no_rsync,
    no_shell,
    noisy_shell,
    openrsync,
    unanswered,
)
from expsyncd.ssh.probe import Link

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from expsyncd.clock import Clock
    from expsyncd.process import Completed
    from expsyncd.ssh.ride import Measured
    from expsyncd.ssh.sftp import Sftp

Wished = Literal["auto", "rsync", "sftp"]

# What rrsync, a Python program, takes to start and refuse; the rest of such an answer is the round trip.
RRSYNC_START_S = 0.1
RRSYNC = "the key is limited to rrsync on the host: rsync alone, growing files are compared by their ends"
BY_CONFIG = "pulled by sftp, as `transport: sftp` says"
NO_RSYNC = "no rsync on the host: pulled by sftp"
OPENRSYNC = "the rsync of the host is openrsync: pulled by sftp; rsync 3.2.5 or later there is quicker"
SFTP_ONLY = "the host offers sftp only: pulled by sftp"
NO_SHELL = "the host runs no commands for this login: pulled by sftp"
ALONE = "the host allows one thing at a time (MaxSessions 1 of its sshd): pulls and commands take turns"


class Reached(Protocol):
    """The part of a connection that is used here."""

    alias: str

    async def command(
        self, remote: str, *, data: bytes | None = None, timeout_s: float, limit: int = ...
    ) -> Completed:
        """Run a command on the host."""
        ...

    async def sftp(self, *, wait: bool = ...) -> Sftp:
        """Open an sftp conversation."""
        ...


async def find_out(
    reached: Reached,
    measure: Callable[[float], Awaitable[Measured]],
    wished: Wished,
    clock: Clock,
    *,
    adopted: bool,
    limit_s: float,
) -> Link:
    """What the host has, as far as `wished` lets it be used.

    `measure`: by commands, within a limit in seconds. Raises ConnectionProblem when files cannot come.
    """
    if wished == "sftp":
        return await _by_sftp(reached, Link(0.0, None, None, "", None, None, adopted), BY_CONFIG)
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    completed = await reached.command(
        probe.COMMAND, data=probe.SCRIPT, timeout_s=limit_s, limit=probe.OUTPUT_LIMIT
    )
    took_s, here_s = loop.time() - began_s, clock.now().timestamp()
    answer = probe.parse(completed.stdout)
    if answer is None:
        if completed.timed_out:
            raise ConnectionProblem(unanswered(limit_s))
        found = no_shell(completed.stdout, completed.complaint, completed.code, reached.alias)
        link = Link(max(0.0, took_s - RRSYNC_START_S), None, None, "", None, None, adopted)
        if found.kind is Kind.FORCED_COMMAND:
            # That it refused our words is an answer: the host lives, and rsync's own words it takes.
            return replace(link, transport="rrsync", why=RRSYNC)
        why = SFTP_ONLY if found.kind is Kind.SFTP_ONLY else NO_SHELL
        return await _or_sftp(reached, wished, link, why, ConnectionProblem(found))
    if answer.stray:
        raise ConnectionProblem(noisy_shell(answer.stray, reached.alias, answer.shell))
    measured = await measure(limit_s)
    link = answer.link(measured.round_trip_s, here_s, adopted=adopted)
    link = replace(link, alone=ALONE if measured.alone else "")
    if answer.openrsync:
        return await _or_sftp(reached, wished, link, OPENRSYNC, ConnectionProblem(openrsync(reached.alias)))
    if answer.rsync_path is None:
        return await _or_sftp(reached, wished, link, NO_RSYNC, ConnectionProblem(no_rsync(reached.alias)))
    return link


async def _or_sftp(
    reached: Reached, wished: Wished, link: Link, why: str, problem: ConnectionProblem
) -> Link:
    if wished == "rsync":
        raise problem
    try:
        return await _by_sftp(reached, link, why)
    except ConnectionProblem as no_sftp:
        if no_sftp.diagnosis.retry:  # the line broke: that says nothing of the host
            raise
        raise problem from no_sftp


async def _by_sftp(reached: Reached, link: Link, why: str) -> Link:
    sftp = await reached.sftp()
    try:
        round_trip_s = await sftp.run(lambda wire: wire.round_trip_s())
        alone = ALONE if await _alone(reached) else ""
    finally:
        await sftp.close()
    return replace(link, round_trip_s=round_trip_s, transport="sftp", why=why, warning="", alone=alone)


async def _alone(reached: Reached) -> bool:
    """Whether the host refuses another conversation beside the one that is open now."""
    try:
        second = await reached.sftp(wait=False)
    except ConnectionProblem as problem:
        if problem.diagnosis.kind is Kind.NO_PLACE:
            return True
        raise
    await second.close()
    return False
