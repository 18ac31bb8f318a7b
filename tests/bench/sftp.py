"""Pulls by sftp against `sftp` and `scp`, the same files from the same sshd over the same master."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pulls import make_tree
from bench.table import line
from support.pulls import HOSTS, World, world
from support.sshd import Sshd


class Rivals:
    """OpenSSH's own programs over the master that the pulls ride on, so that no login is in the times."""

    def __init__(self, found: World, sshd: Sshd) -> None:
        self.place = found.base / "rival"
        self._found = found
        self._options = [*sshd.options, "-o", f"ControlPath={next((found.base / 'cm').iterdir())}"]
        self._alias = sshd.alias

    async def scp(self) -> None:
        # Since OpenSSH 9 scp speaks sftp.
        await self._run(
            ["scp", "-q", "-r", *self._options, f"{self._alias}:{self._found.there}", str(self.place)]
        )

    async def sftp(self) -> None:
        batch = f"get -r {self._found.there} {self.place}\n".encode()
        await self._run(["sftp", "-q", *self._options, "-b", "-", self._alias], batch)

    async def _run(self, argv: list[str], data: bytes = b"") -> None:
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
        )
        await process.communicate(data)
        assert process.returncode == 0, argv


async def cold(run, forget) -> float:
    """Seconds of one run from nothing."""
    forget()
    started = time.perf_counter()
    await run()
    return time.perf_counter() - started


async def compare(found: World, rivals: Rivals, name: str, runs: int) -> None:
    def forget() -> None:
        shutil.rmtree(found.here, ignore_errors=True)
        shutil.rmtree(rivals.place, ignore_errors=True)
        rivals.place.mkdir()
        os.sync()

    async def ours() -> None:
        await found.settled()

    times: dict[str, list[float]] = {"ours": [], "sftp": [], "scp": []}
    both = {"ours": ours, "sftp": rivals.sftp, "scp": rivals.scp}
    for number in range(runs + 1):
        for key, run in both.items() if number % 2 else reversed(both.items()):
            taken = await cold(run, forget)
            if number:  # the first warms caches
                times[key].append(taken)
    for rival in ("sftp", "scp"):
        line(name, times["ours"], times[rival], f"{rival} over the same master", "<= 1.0x")


async def unchanged(found: World, runs: int, files: int) -> None:
    """What a look costs that finds nothing; there is no rival that would not copy all again."""
    await found.settled()
    taken = []
    for _ in range(runs):
        started = time.perf_counter()
        assert (await found.settled()).plan.files == 0
        taken.append(time.perf_counter() - started)
    print(f"{f'nothing changed, {files} files':<34} {min(taken):8.3f} s")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a tenth of it")
    given = parser.parse_args()
    print(f"{'':<34} {'expsyncd':>10} {'rival':>10}  ratio")
    for name, files, size in (("1,000 x 20 kB", 1_000, 20_000), ("one file of 200 MB", 1, 200_000_000)):
        base = Path(tempfile.mkdtemp(prefix="ex", dir="/tmp"))
        sshd = Sshd(base / "sshd", **HOSTS["sftp"])
        try:
            async with world(base, sshd) as found:
                count, length = (files, size // 10) if files == 1 and given.quick else (files, size)
                make_tree(found.there, count // (10 if given.quick and files > 1 else 1), length)
                for path in found.there.rglob("*"):
                    os.utime(path, (1_600_000_000, 1_600_000_000))  # young files are looked at twice
                await compare(found, Rivals(found, sshd), f"first pull, {name}", given.runs)
                await unchanged(found, given.runs, count)
        finally:
            sshd.stop()
            shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
