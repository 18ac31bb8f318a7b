"""Sizes that nobody should meet and somebody does: a million files, 100 hosts, 20 GB on its way, floods.

Each part prints what it cost on both ends; `--share 0.01` tries all of it in a minute.
"""

from __future__ import annotations

import argparse
import filecmp
import os
import random
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.arrival import percentile
from bench.rivals import polled
from bench.spent import Ends, memory_mb, row
from support.place import Place, content
from support.wait import until

FILES_A_FOLDER = 50
CHUNK = b"x" * 1000
LOOK_S = 0.001


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def append(file: Path, count: int = 1) -> None:
    with file.open("ab", buffering=0) as grown:
        grown.write(CHUNK * count)


def same_size(here: Path, there: Path) -> bool:
    try:
        return here.stat().st_size == there.stat().st_size
    except FileNotFoundError:
        return False


def here(place: Place, there: Path) -> Path:
    return place.mirror / there.relative_to(place.remote)


def as_long(place: Place, files: list[Path]) -> bool:
    """Whether all are as long here; gigabytes are compared once that is so."""
    pause(0.2)
    return all(same_size(here(place, file), file) for file in files)


def arrivals(ends: Ends, pairs: list[tuple[Path, Path]], count: int, gap_s: float) -> list[float]:
    """Seconds from an append to one of the files on the host to the same size here."""
    waits = []
    for number in range(count):
        pause(gap_s)
        there, here = pairs[number % len(pairs)]
        append(there)
        began = time.perf_counter()
        if not polled(partial(same_size, here, there), 120, LOOK_S):
            row("  an append did not arrive within 2 minutes")
            break
        waits.append(time.perf_counter() - began)
    return waits


def memories(ends: Ends) -> None:
    daemon = memory_mb(ends.place.daemon.pid)
    row("  daemon", f"{daemon[0]:6.0f} MB now", f"{daemon[1]:6.0f} MB at most", "(aim < 150)")
    for pid in ends.agents()[:3]:
        agent = memory_mb(pid)
        row("  agent", f"{agent[0]:6.0f} MB now", f"{agent[1]:6.0f} MB at most", "(aim < 300)")
    row("  agents", str(len(ends.agents())))


def said(name: str, waits: list[float], aim: str = "") -> None:
    if waits:
        p50, p95 = 1000 * percentile(waits, 0.5), 1000 * percentile(waits, 0.95)
        row(f"  {name}", f"p50 {p50:8.1f} ms", f"p95 {p95:8.1f} ms", f"{len(waits)} arrivals", aim)


def healthy(ends: Ends, within_s: float) -> float:
    """Start the daemon; seconds until every source is fresh and followed."""
    began = time.perf_counter()
    ends.place.start()

    def well() -> bool:
        hosts = (ends.place.status() or {"hosts": {}})["hosts"].values()
        pause(0.5)  # the look itself costs CPU
        sources = [source for host in hosts for source in host["sources"].values()]
        return bool(sources) and all(
            source["status"] == "fresh" and source.get("follow", {}).get("healthy") for source in sources
        )

    until(well, within_s, "every source is fresh and followed")
    return time.perf_counter() - began


def million(share: float) -> None:
    """Files in twenty thousand folders of one host."""
    folders = max(20, int(20_000 * share))
    ends = Ends(counted=False)
    try:
        for number in range(folders):
            folder = ends.place.remote / f"exp{number // 200}" / f"run{number}"
            folder.mkdir(parents=True)
            for name in range(FILES_A_FOLDER - 1):
                os.close(os.open(folder / f"sample_{name}.dat", os.O_CREAT | os.O_WRONLY))
            (folder / "events.out.tfevents.1").write_bytes(CHUNK)
        print(
            f"\n{folders * FILES_A_FOLDER} files in {folders} folders (load {os.getloadavg()[0]:.1f})",
            flush=True,
        )
        ends.configure()
        row("  first healthy state, with the first pull", f"{healthy(ends, 3600):8.1f} s")
        memories(ends)
        ends.place.stop()
        row("  healthy again after a restart", f"{healthy(ends, 1800):8.1f} s")
        pause(5)
        pairs = [
            (ends.place.remote / inside, ends.place.mirror / inside)
            for number in random.Random(3).sample(range(folders), 20)
            for inside in [f"exp{number // 200}/run{number}/events.out.tfevents.1"]
        ]
        ends.mark()
        began = time.perf_counter()
        pause(10)
        idle = sum(ends.spent()[:3]) / (time.perf_counter() - began)
        ends.mark()
        began = time.perf_counter()
        waits = arrivals(ends, pairs, 60, 0.1)
        cpu = sum(ends.spent()[:3]) - idle * (time.perf_counter() - began)
        said("one change", waits, "(aim < 50 ms)")
        row("  one change, CPU of both ends", f"{1000 * max(0.0, cpu) / max(1, len(waits)):8.2f} ms")
        row("  idle, both ends", f"{100 * idle:8.2f} % of a core")
        memories(ends)
    finally:
        ends.close()


def hundred(share: float) -> None:
    """Aliases of one sshd, each with a folder of its own."""
    count = max(4, int(100 * share))
    ends = Ends(counted=False)
    try:
        config = ends.sshd.config_file
        names = [f"gpu{number}" for number in range(count)]
        config.write_text(config.read_text().replace("Host gpu\n", f"Host gpu {' '.join(names)}\n"))
        pairs = []
        for name in names:
            (ends.place.remote / name).mkdir()
            file = ends.place.remote / name / "events.out.tfevents.1"
            file.write_bytes(CHUNK)
            pairs.append((file, ends.place.root / "mirror" / name / "logs" / file.name))
        ends.configure()
        text = ends.place.config_file.read_text()
        hosts = "".join(
            f"  {n}:\n    sources: [{{path: {ends.place.remote}/{n}, name: logs}}]\n" for n in names
        )
        ends.place.config_file.write_text(text[: text.index("hosts:")] + "hosts:\n" + hosts)
        print(f"\n{count} hosts (load {os.getloadavg()[0]:.1f})", flush=True)
        row("  all healthy", f"{healthy(ends, 600):8.1f} s")
        pause(5)
        ends.mark()
        began = time.perf_counter()
        pause(20)
        cost = [100 * one / (time.perf_counter() - began) for one in ends.spent()[:3]]
        row(
            "  idle", f"daemon {cost[0]:.2f} %", f"its ssh {cost[1]:.2f} %", f"host {cost[2]:.2f} % of a core"
        )
        said("one change on one of them", arrivals(ends, pairs, 100, 0.05))
        memories(ends)
    finally:
        ends.close()


def throttled(share: float) -> None:
    """A file of 5 GB comes slowly while metrics flow."""
    big(share, whole=5e9, bwlimit="60MB")


def big(share: float, *, whole: float = 20e9, bwlimit: str | None = None) -> None:
    """A file of 20 GB comes while metrics flow; `bwlimit` as in hosts.yaml."""
    size = int(whole * share)
    ends = Ends(counted=False)
    try:
        pairs = []
        for number in range(4):
            file = ends.place.remote / f"run{number}" / "events.out.tfevents.1"
            file.parent.mkdir()
            file.write_bytes(CHUNK)
            pairs.append((file, ends.place.mirror / f"run{number}" / file.name))
        limit = f", bwlimit: {bwlimit}" if bwlimit else ""
        ends.configure(sources=f"[{{path: {ends.place.remote}, name: remote{limit}}}]")
        healthy(ends, 60)
        said("before the big file", arrivals(ends, pairs, 50, 0.05))
        with (ends.place.remote / "archive.dat").open("wb") as archive:
            archive.truncate(size)
        began = time.perf_counter()
        here = ends.place.mirror / "archive.dat"
        until(lambda: list((ends.place.root / ".incoming").iterdir()), 30, "the big file is on its way")
        slowly = f", at {bwlimit} a second" if bwlimit else ""
        print(
            f"\na file of {size / 1e9:.1f} GB on its way{slowly} (load {os.getloadavg()[0]:.1f})", flush=True
        )
        waits: list[float] = []
        while not here.exists() and len(waits) < 2000:
            waits += arrivals(ends, pairs, 20, 0.05)
        said("metrics meanwhile", waits, "(aim p95 < 100 ms)")
        until(lambda: same_size(here, ends.place.remote / "archive.dat"), 3600, "the big file is here")
        row("  the whole file took", f"{time.perf_counter() - began:8.1f} s")
        memories(ends)
    finally:
        ends.close()


def second(share: float) -> None:
    """Ten thousand files change within a second, then again."""
    count = max(200, int(10_000 * share))
    ends = Ends(counted=False)
    try:
        files = [ends.place.remote / f"run{n // 100}" / f"sample_{n}.dat" for n in range(count)]
        for file in files:
            file.parent.mkdir(exist_ok=True)
            file.write_bytes(b"0")
        ends.configure()
        healthy(ends, 300)
        print(f"\n{count} files change in one second (load {os.getloadavg()[0]:.1f})", flush=True)
        for turn in (b"1", b"2"):
            began = time.perf_counter()
            for file in files:
                # Not to nothing first: ext4 then writes each to the disk at once, which takes longer than a second.
                with file.open("r+b", buffering=0) as changed:
                    changed.write(turn * 20)
            took = time.perf_counter() - began
            until(lambda: content(ends.place.mirror) == content(ends.place.remote), 300, "all are here")
            row("  written in", f"{took:6.2f} s", f"all here after {time.perf_counter() - began:6.2f} s")
        memories(ends)
    finally:
        ends.close()


def flood(share: float) -> None:
    """Appends to hundreds of files as fast as one core writes, names that come and go; then the same to a deaf laptop."""
    seconds = max(2.0, 20 * share)
    ends = Ends(counted=False)
    try:
        files = [ends.place.remote / f"run{n}" / "events.out.tfevents.1" for n in range(300)]
        for file in files:
            file.parent.mkdir()
            file.write_bytes(CHUNK)
        ends.configure()
        healthy(ends, 60)
        for deaf in (False, True):
            who = "a daemon that stands still" if deaf else "a daemon"
            print(f"\na flood of {seconds:.0f} s to {who} (load {os.getloadavg()[0]:.1f})", flush=True)
            if deaf:
                os.kill(ends.place.daemon.pid, 19)
            began = time.perf_counter()
            written = 0
            while time.perf_counter() - began < seconds:
                append(files[written % len(files)], 1 + written % 40)
                written += 1
                if written % 50 == 0:
                    passing = ends.place.remote / f"tmp{written}"
                    passing.write_bytes(CHUNK)
                    passing.unlink()
            if deaf:
                memories(ends)
                os.kill(ends.place.daemon.pid, 18)
            over = time.perf_counter()
            until(partial(as_long, ends.place, files), 300, "all are here")
            took = time.perf_counter() - over
            differ = [file for file in files if not filecmp.cmp(file, here(ends.place, file), shallow=False)]
            assert differ == [], "equal to the last byte"
            size = sum(file.stat().st_size for file in files) / 1e6
            row(
                "  writes",
                str(written),
                f"{size:.0f} MB in all",
                f"all here {took:.2f} s after the last",
            )
            memories(ends)
    finally:
        ends.close()


PARTS = {
    "million": million,
    "hundred": hundred,
    "big": big,
    "throttled": throttled,
    "second": second,
    "flood": flood,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of every size, to try it")
    parser.add_argument("--only", nargs="*", default=list(PARTS), choices=list(PARTS))
    given = parser.parse_args()
    for name in given.only:
        try:
            PARTS[name](given.share)
        except (AssertionError, subprocess.TimeoutExpired) as error:
            print(f"{name}: {str(error)[:600]}", flush=True)


if __name__ == "__main__":
    main()
