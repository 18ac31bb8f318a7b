"""Whether the rsync of this machine is safe to pull with, from what it says of itself. Pure but for `ask`.

The table follows rsync's release notes: 3.2.5 escapes names it sends to the host, 3.4.0 closed file reads and
writes by a hostile far side (CVE-2024-12084 to -12088), 3.5.0 closed more that a plain pull reaches.
Distributions keep old numbers and add the fixes, so on Debian and Ubuntu the package's version is asked.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass

from expsyncd.errors import NeedsUserError
from expsyncd.process import run

REFUSED_BELOW = (3, 2, 5)
UNSAFE_BELOW = (3, 4, 0)
WARNED_BELOW = (3, 5, 0)

# Package versions with the fixes of 3.4.0, by what marks the distribution in them.
PATCHED = (
    ("+deb12u", "3.2.7-1+deb12u1"),
    ("ubuntu0.22.04", "3.2.7-0ubuntu0.22.04.3"),
    ("3.2.7-1ubuntu1.", "3.2.7-1ubuntu1.1"),
    ("3.3.0-1ubuntu0.", "3.3.0-1ubuntu0.1"),
)

INSTALL = "apt-get install rsync, dnf install rsync or brew install rsync"
ASK_TIMEOUT_S = 10.0


@dataclass(frozen=True)
class LocalRsync:
    """`version` as numbers; `patched` when the distribution put 3.4.0's fixes into an older one."""

    version: tuple[int, ...]
    patched: bool = False


def read_version(output: str) -> tuple[int, ...] | None:
    """The version in `rsync --version`; None for openrsync and whatever else is no rsync."""
    found = re.match(r"rsync\s+version\s+v?(\d+(?:\.\d+)*)", output)
    return tuple(int(part) for part in found[1].split(".")) if found else None


def patched_from(package: str) -> str | None:
    """The first package version with the fixes for the distribution of `package`, if it is known."""
    return next((first for mark, first in PATCHED if mark in package), None)


def judge(found: LocalRsync | None, *, allow_old: bool) -> str:
    """A warning, or nothing. Raises NeedsUserError when pulling with it is refused."""
    if found is None:
        raise NeedsUserError(
            "the rsync of this machine is openrsync or another program", f"install rsync itself: {INSTALL}"
        )
    shown = ".".join(str(part) for part in found.version)
    if found.version < REFUSED_BELOW:
        raise NeedsUserError(f"rsync {shown} is too old", f"3.2.5 at least is needed: {INSTALL}")
    if found.version < UNSAFE_BELOW and not found.patched:
        if not allow_old:
            raise NeedsUserError(
                f"rsync {shown} lets a hostile host read and write files here",
                f"install a newer one ({INSTALL}), or set `allow_old_rsync: true` if you trust every host",
            )
        return f"rsync {shown} is unsafe against hostile hosts; allowed by allow_old_rsync"
    if found.version < WARNED_BELOW and not found.patched:
        return f"rsync {shown} lacks fixes of 3.5.0; update it when you can"
    return ""


async def ask() -> LocalRsync | None:
    """What this machine's rsync and its package manager say. Raises NeedsUserError without any rsync."""
    if shutil.which("rsync") is None:
        raise NeedsUserError("this machine has no rsync", INSTALL)
    answer = await run(["rsync", "--version"], timeout_s=ASK_TIMEOUT_S)
    version = read_version(answer.text)
    if version is None:
        return None
    if version >= UNSAFE_BELOW or shutil.which("dpkg-query") is None:
        return LocalRsync(version)
    package = (await run(["dpkg-query", "-W", "-f", "${Version}", "rsync"], timeout_s=ASK_TIMEOUT_S)).text
    first = patched_from(package)
    if first is None:
        return LocalRsync(version)
    compared = await run(["dpkg", "--compare-versions", package, "ge", first], timeout_s=ASK_TIMEOUT_S)
    return LocalRsync(version, patched=compared.code == 0)
