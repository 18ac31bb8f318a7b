"""Remembers our TensorBoard on disk, so that the next daemon can end the orphan of one that was killed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from expsyncd.paths import PRIVATE_FILE
from expsyncd.tensorboard.command import LAUNCH_MODULE

TERM_GRACE_S = 5.0
LOOK_S = 0.05
_STAT_STATE, _STAT_START_TIME = 0, 19  # proc(5): fields 3 and 22, counted after the name in parentheses


@dataclass(frozen=True)
class Record:
    """One TensorBoard process: a pid alone may be somebody else's by now, so when it started too.

    `start_time` is in clock ticks after boot, `boot` the kernel's id of that boot; None without /proc.
    """

    pid: int
    port: int
    configured_port: int
    start_time: int | None
    boot: str | None

    @classmethod
    def of(cls, pid: int, port: int, configured_port: int) -> Record:
        """The record of a living process."""
        return cls(pid, port, configured_port, start_time(pid), _boot())

    def is_alive(self, logdir: Path) -> bool:
        """Whether this very process lives and is a TensorBoard of ours over `logdir`."""
        if self.start_time is None or self.boot != _boot() or start_time(self.pid) != self.start_time:
            return False
        try:
            words = Path(f"/proc/{self.pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            return False
        if words == [b""]:
            return True  # it is ending and has no memory any more; pid and start time say who it is
        return LAUNCH_MODULE.encode() in words and b"--logdir=" + os.fsencode(logdir) in words


def read(file: Path) -> Record | None:
    """The record in `file`; None where there is none or it makes no sense."""
    try:
        found = json.loads(file.read_bytes())
        record = Record(**found)
    except (OSError, ValueError, TypeError):
        return None
    numbers = (record.pid, record.port, record.configured_port)
    return record if all(isinstance(number, int) and number > 0 for number in numbers) else None


def write(file: Path, record: Record) -> None:
    """Put `record` into `file`, whole or not at all. Raises OSError."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.write_text(json.dumps(asdict(record)))
    fresh.chmod(PRIVATE_FILE)
    fresh.replace(file)


def start_time(pid: int) -> int | None:
    """When process `pid` started, in clock ticks after boot; None if it is gone, a zombie or unknown."""
    process = Path(f"/proc/{pid}")
    try:
        fields = (process / "stat").read_bytes().rpartition(b")")[2].split()
        threads = len(list((process / "task").iterdir()))
    except OSError:
        return None
    # While other threads of a zombie are still ending, its port is taken.
    over = fields[_STAT_STATE] in {b"Z", b"X"} and threads <= 1
    return None if over else int(fields[_STAT_START_TIME])


async def end(record: Record, logdir: Path, *, grace_s: float = TERM_GRACE_S) -> bool:
    """End the TensorBoard of `record` if it still lives: TERM, after `grace_s` KILL. Whether it lived.

    Its data server ends with it (it watches its stdin).
    """
    if not record.is_alive(logdir):
        return False
    for number in (signal.SIGTERM, signal.SIGKILL):
        # Looked at right before each signal: nothing but our own process may ever get one.
        if record.is_alive(logdir):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(record.pid, number)
        if await _gone(record, logdir, grace_s):
            break
    return True


async def _gone(record: Record, logdir: Path, within_s: float) -> bool:
    # It is not our child, so nobody tells us: look.
    for _ in range(round(within_s / LOOK_S)):
        if not record.is_alive(logdir):
            return True
        await asyncio.sleep(LOOK_S)
    return False


def _boot() -> str | None:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
