"""Appending 1 kB to an event file of 1 GB: CPU of both ends and wall clock, beside `rsync --inplace` over a master."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rivals import polled
from bench.spent import Ends, cpu_s
from support.wait import until

NAME = "events.out.tfevents.1"
CHUNK = b"x" * 1000
MB = 1 << 20


def append(file: Path) -> None:
    with file.open("ab", buffering=0) as grown:
        grown.write(CHUNK)


def same_size(here: Path, file: Path) -> bool:
    return here.stat().st_size == file.stat().st_size


def ours(ends: Ends, file: Path, times: int) -> tuple[list[float], float]:
    """Wall seconds of each, CPU seconds of one; what the daemon costs when nothing comes is taken off."""
    here = ends.place.mirror / NAME
    until(lambda: here.exists() and same_size(here, file), 600, "the file is here")
    ends.place.until_fresh(60)
    until(ends.followed, 60, "the host is followed")
    pause = threading.Event()
    pause.wait(3)
    ends.mark()
    began = time.perf_counter()
    pause.wait(5)
    idle = sum(ends.spent()[:3]) / (time.perf_counter() - began)
    waits = []
    ends.mark()
    began = time.perf_counter()
    for _ in range(times):
        append(file)
        at = time.perf_counter()
        polled(partial(same_size, here, file), 60, 0.0005)
        waits.append(time.perf_counter() - at)
        pause.wait(0.05)
    took = time.perf_counter() - began
    return waits, max(0.0, sum(ends.spent()[:3]) - idle * took) / times


def rival(ends: Ends, file: Path, times: int) -> tuple[list[float], float]:
    base = ends.folder
    rsh = f"ssh {' '.join(ends.sshd.options)} -S {base}/cm"
    argv = ["rsync", "-t", "--inplace", "-e", rsh, f"gpu:{file}", f"{base}/rival/"]
    with subprocess.Popen(["ssh", *ends.sshd.options, "-M", "-N", "-S", f"{base}/cm", "gpu"]) as master:
        until((base / "cm").exists, 20)
        (base / "rival").mkdir()
        shutil.copy2(ends.place.mirror / NAME, base / "rival" / NAME)
        waits = []
        start, host, ssh = os.times(), cpu_s(ends.sshd.pids()), cpu_s([master.pid])
        for _ in range(times):
            append(file)
            at = time.perf_counter()
            subprocess.run(argv, check=True)
            waits.append(time.perf_counter() - at)
        end = os.times()
        own = end.children_user + end.children_system - start.children_user - start.children_system
        cpu = own + cpu_s(ends.sshd.pids()) - host + cpu_s([master.pid]) - ssh
        master.terminate()
    return waits, cpu / times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mb", type=int, default=1000)
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    ends = Ends(counted=False)
    try:
        file = ends.place.remote / NAME
        with file.open("wb") as fresh:
            for _ in range(given.mb):
                fresh.write(os.urandom(MB))
        ends.configure(interval="60s")
        ends.place.start()
        waits, cpu = ours(ends, file, given.times)
        ends.place.stop()
        theirs, rival_cpu = rival(ends, file, 5)
        wall, rival_wall = statistics.median(waits), statistics.median(theirs)
        print(
            f"1 kB more in {given.mb} MB: expsyncd {1000 * wall:.1f} ms, {1000 * cpu:.2f} ms CPU; rsync --inplace over a "
            f"master {1000 * rival_wall:.0f} ms, {1000 * rival_cpu:.0f} ms CPU: 1/{rival_wall / wall:.0f} of the wall clock, "
            f"1/{rival_cpu / max(cpu, 1e-5):.0f} of the CPU (aim 1/100; load {os.getloadavg()[0]:.1f})"
        )
    finally:
        ends.close()


if __name__ == "__main__":
    main()
