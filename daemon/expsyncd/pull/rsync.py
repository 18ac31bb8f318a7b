"""One rsync from start to end: lines to the caller, stopped when it makes no progress or must not go on."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from expsyncd.process import Child

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from expsyncd.state.status import Trouble

STDERR_LIMIT = 64 << 10
LONGEST_LINE = 1 << 16
LOOK_S = 1.0  # how often a running rsync is asked whether it may go on
_PROGRESS = re.compile(rb"^\s*([0-9][0-9.,]*)\s+\d+%\s")

ENVIRONMENT_KEPT = (
    "PATH", "HOME", "USER", "LOGNAME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR", "KRB5CCNAME", "TMPDIR",
)  # fmt: skip


@dataclass
class Ended:
    """How an rsync ended; `stopped` says why if we ended it."""

    code: int
    stderr: str
    stopped: Trouble | None = None


def environment(whole: dict[str, str]) -> dict[str, str]:
    """What rsync and its ssh need of ours, in the C locale: its messages and escapes are parsed."""
    kept = {name: whole[name] for name in ENVIRONMENT_KEPT if name in whole}
    return {**kept, "LC_ALL": "C", "RSYNC_RSH": "ssh"}


async def pieces(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Split at newlines and carriage returns (progress lines overwrite each other)."""
    held = b""
    async for chunk in chunks:
        *whole, held = re.split(rb"[\r\n]", held + chunk)
        for piece in whole:
            if piece:
                yield piece
        if len(held) > LONGEST_LINE:
            yield held
            held = b""
    if held:
        yield held


def progress_bytes(piece: bytes) -> int | None:
    """Bytes so far, if this is a line of --info=progress2."""
    found = _PROGRESS.match(piece)
    return int(re.sub(rb"[.,]", b"", found[1])) if found else None


async def rsync(
    argv: Sequence[str],
    *,
    names: Sequence[bytes] | None,
    environment: dict[str, str],
    on_line: Callable[[bytes], None],
    may_go_on: Callable[[], Trouble | None],
    stalled: Trouble,
    progress_timeout_s: float,
    file_size_limit: int | None = None,
    cwd: Path | None = None,
) -> Ended:
    """Run one rsync. `names` go to stdin, NUL after each; `on_line` gets each line of stdout.

    It is stopped (TERM to the leader, KILL to the group) when nothing is said for `progress_timeout_s` or
    `may_go_on` returns a trouble, and when the caller is cancelled.
    """
    loop = asyncio.get_running_loop()
    last_said = loop.time()
    stopped: Trouble | None = None
    stderr = bytearray()
    async with await Child.start(
        argv, stdin=names is not None, environment=environment, file_size_limit=file_size_limit, cwd=cwd
    ) as child:

        async def read_lines() -> None:
            nonlocal last_said
            async for piece in pieces(child.chunks()):
                last_said = loop.time()
                on_line(piece)

        async def read_complaints() -> None:
            async for chunk in child.chunks(stderr=True):
                stderr.extend(chunk[: max(0, STDERR_LIMIT - len(stderr))])

        async def watch() -> None:
            nonlocal stopped
            while True:
                await asyncio.sleep(LOOK_S)
                if trouble := may_go_on():
                    stopped = trouble
                elif loop.time() - last_said > progress_timeout_s:
                    stopped = stalled
                if stopped:
                    await child.stop()
                    return

        async with asyncio.TaskGroup() as group:
            watching = group.create_task(watch(), name="rsync deadline")
            pumps = [
                group.create_task(read_lines(), name="rsync stdout"),
                group.create_task(read_complaints(), name="rsync stderr"),
            ]
            if names is not None:
                pumps.append(
                    group.create_task(
                        child.feed(b"".join(name + b"\0" for name in names)), name="rsync stdin"
                    )
                )
            await child.wait()
            if stopped is None:
                watching.cancel()
            # The receiver and ssh may outlive the leader by a moment; then the group is killed.
            await asyncio.wait(pumps, timeout=1.0)
            child.kill_group()
            for pump in pumps:
                pump.cancel()
        code = child.code
    assert code is not None
    return Ended(code, stderr.decode("utf-8", "replace"), stopped)
