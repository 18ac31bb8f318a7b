"""Pulls against plain `rsync` over an ssh master, on the same trees in the same run."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.table import line, paired
from expsyncd.clock import SystemClock
from expsyncd.config.model import VersionsConfig
from expsyncd.mirror.root import Root
from expsyncd.pull.puller import Pull
from expsyncd.pull.reach import RsyncReach
from expsyncd.pull.rsync import environment
from expsyncd.pull.source import Lanes, Source, Tally, Tools
from expsyncd.ssh.connection import Connection, Link
from expsyncd.state.facts import Facts
from expsyncd.state.thread import DatabaseThread
from support.sshd import Sshd

FILES_A_FOLDER = 500


def make_tree(folder: Path, files: int, size: int) -> None:
    """`files` files of `size` random bytes, 500 a folder."""
    data = os.urandom(size)
    for number in range(files):
        parent = folder / f"d{number // FILES_A_FOLDER}"
        if number % FILES_A_FOLDER == 0:
            parent.mkdir(parents=True, exist_ok=True)
        (parent / f"f{number}.png").write_bytes(data)


class Bench:
    """One sshd, one connection, one root; rivals write beside it."""

    def __init__(self, base: Path, sshd: Sshd, connection: Connection, link: Link, tools: Tools) -> None:
        self.base = base
        self.sshd = sshd
        self.connection = connection
        self.link = link
        self.tools = tools
        self.count = 0

    async def pull(self, tree: Path) -> None:
        self.count += 1
        reach = RsyncReach(
            self.connection,
            self.sshd.alias,
            round_trip_s=self.link.round_trip_s,
            rsync_version=self.link.rsync_version,
            digests=self.link.digest,
        )
        pull = Pull(
            Source("bench", tree.name, str(tree)), reach, self.tools, Lanes(), Tally(),
            pull_id=f"p{self.count}", clock=SystemClock(),
        )  # fmt: skip
        await pull.look()
        await pull.metrics()
        await pull.bulk()
        assert pull.outcome.kind == "complete", pull.outcome

    async def rival(self, tree: Path) -> None:
        argv = [
            "rsync",
            "-rt",
            "-e",
            self.connection.rsh(),
            f"{self.sshd.alias}:{tree}/",
            f"{self.base}/rival-{tree.name}/",
        ]
        process = await asyncio.create_subprocess_exec(*argv)
        assert await process.wait() == 0

    def forget(self, tree: Path) -> None:
        shutil.rmtree(self.tools.ground.paths.mirror / "bench" / tree.name, ignore_errors=True)
        shutil.rmtree(self.base / f"rival-{tree.name}", ignore_errors=True)


async def unchanged(bench: Bench, files: int, runs: int) -> None:
    tree = bench.base / f"unchanged{files}"
    make_tree(tree, files, 10)
    ours, rival = await paired(lambda: bench.pull(tree), lambda: bench.rival(tree), runs)
    line(f"nothing changed, {files} files", ours, rival, "rsync -rt over a master", "<= 1.3x")
    bench.forget(tree)
    shutil.rmtree(tree)


async def first(bench: Bench, name: str, files: int, size: int, runs: int) -> None:
    tree = bench.base / name
    make_tree(tree, files, size)

    async def ours() -> None:
        await bench.pull(tree)

    async def rival() -> None:
        await bench.rival(tree)

    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(runs):
        bench.forget(tree)
        os.sync()
        one = await paired_cold(ours, rival, lambda: bench.forget(tree))
        times[0].append(one[0])
        times[1].append(one[1])
    line(f"first pull, {name}", times[0], times[1], "rsync -rt over a master", "<= 1.11x")
    bench.forget(tree)
    shutil.rmtree(tree)


async def paired_cold(ours, rival, forget) -> tuple[float, float]:
    """One run of each from an empty destination."""
    import time

    found = []
    for run in (ours, rival):
        forget()
        started = time.perf_counter()
        await run()
        found.append(time.perf_counter() - started)
    return found[0], found[1]


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="small trees only")
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="exbench", dir="/tmp"))
    sshd = Sshd(base / "sshd")
    (base / "cm").mkdir(mode=0o700)
    connection = Connection(sshd.alias, socket_dir=base / "cm", ssh_options=sshd.options)
    thread = DatabaseThread()
    try:
        link = await connection.open()
        facts = await thread.run(Facts.open, base / "facts.db")
        root = await thread.run(Root.prepare, base / "root", facts)

        async def nothing(_: object) -> None:
            return

        tools = Tools(
            ground=root, facts=facts, thread=thread, versions=VersionsConfig(), environment=environment(dict(os.environ)),
            room=lambda: None, replacing=nothing, replaced=lambda _: None,
        )  # fmt: skip
        bench = Bench(base, sshd, connection, link, tools)
        print(f"{'':<34} {'expsyncd':>10} {'rival':>10}  ratio")
        for files in (1_000,) if given.quick else (1_000, 10_000, 100_000):
            await unchanged(bench, files, given.runs)
        await first(
            bench,
            "10k x 20 kB" if not given.quick else "1k x 20 kB",
            1_000 if given.quick else 10_000,
            20_000,
            max(3, given.runs // 2),
        )
        if not given.quick:
            await first(bench, "1 GB in one file", 1, 1_000_000_000, 3)
    finally:
        await connection.close()
        await thread.close()
        sshd.stop()
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    asyncio.run(main())
