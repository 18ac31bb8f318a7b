"""What an hour costs in which nothing happens, beside `rsync` each minute over a master: CPU of both ends, bytes.

The hour is five minutes, scaled; the reconcile, which comes four times in it, is measured apart. A second daemon
without any host runs beside, so that what a daemon costs by itself is not counted as the host's.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.pulls import make_tree
from bench.spent import Ends, cpu_s, row
from expsyncd.control.client import ask
from expsyncd.control.protocol import request
from support.place import Place
from support.wait import until

AN_HOUR_S = 3600
RECONCILES = 4
CYCLES = 5
SETTLE_S = 75.0  # what the first pull set going is over then: who reads runs and samples rests after 60 s


def figures(cpu: float, passed: float, words: str = "") -> tuple[str, ...]:
    return f"{cpu:9.3f} s CPU", f"{passed / 1000:10.1f} kB", words


def measure(files: int, seconds: float) -> None:
    ends = Ends()
    alone = Place([], "nobody")
    pause = threading.Event()
    try:
        make_tree(ends.place.remote, files, 10)
        ends.configure(interval="60s")
        alone.config_file.write_text(f"root: {alone.root}\ntensorboard: {{enabled: false}}\n")
        alone.start()
        ends.place.start()
        ends.place.until_fresh(600)
        until(ends.followed, 60, "the host is followed")
        pause.wait(SETTLE_S)
        ends.mark()
        bare = cpu_s([alone.daemon.pid])
        pause.wait(seconds)
        daemon, ssh, host, passed = ends.spent()
        bare = cpu_s([alone.daemon.pid]) - bare
        hour = AN_HOUR_S / seconds
        print(f"\nan idle hour, {files} files ({seconds:.0f} s, scaled; load {os.getloadavg()[0]:.1f})")
        row(
            "  the daemon, and one without hosts", f"{hour * daemon:9.3f} s CPU", f"{hour * bare:10.3f} s CPU"
        )
        row("  its ssh", *figures(hour * ssh, 0))
        row("  on the host (sshd and agent)", *figures(hour * host, 0))
        ours = hour * (max(0.0, daemon - bare) + ssh + host)
        row("  followed, in all for this host", *figures(ours, hour * passed))
        ends.mark()
        for _ in range(CYCLES):
            ask(ends.place.control, request("pull"), 120)
        each = [one / CYCLES for one in ends.spent()]
        row("  one reconcile (4 an hour)", *figures(sum(each[:3]), each[3]))
        cpu, sent = rival(ends)
        row("  rsync each 60 s over a master", *figures(60 * cpu, 60 * sent))
        row(
            "  followed / rsync",
            f"CPU 1/{60 * cpu / max(ours, 1e-3):.0f}",
            f"bytes 1/{60 * sent / (hour * passed):.0f}",
            "(aim 1/100)",
        )
        whole, both = ours + RECONCILES * sum(each[:3]), hour * passed + RECONCILES * each[3]
        row(
            "  with its reconciles",
            f"CPU 1/{60 * cpu / max(whole, 1e-3):.0f}",
            f"bytes 1/{60 * sent / both:.0f}",
        )
    finally:
        ends.close()
        alone.close()


def rival(ends: Ends) -> tuple[float, float]:
    """CPU seconds of both ends and bytes of one rsync that finds nothing."""
    base = ends.folder
    rsh = f"ssh {' '.join(ends.sshd.options)} -S {base}/cm"
    master = subprocess.Popen(["ssh", *ends.sshd.options, "-M", "-N", "-S", f"{base}/cm", "gpu"])
    try:
        until((base / "cm").exists, 20)
        argv = ["rsync", "-rt", "-e", rsh, f"gpu:{ends.place.remote}/", f"{base}/rival/"]
        subprocess.run(argv, check=True)
        before = os.times()
        host, ssh, passed = cpu_s(ends.sshd.pids()), cpu_s([master.pid]), ends.relay.passed
        idle = threading.Event()
        for _ in range(CYCLES):
            subprocess.run(argv, check=True)
        idle.wait(0.5)
        after = os.times()
        own = after.children_user + after.children_system - before.children_user - before.children_system
        cpu = own + cpu_s(ends.sshd.pids()) - host + cpu_s([master.pid]) - ssh
        return cpu / CYCLES, (ends.relay.passed - passed) / CYCLES
    finally:
        master.terminate()
        master.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--files", type=int, nargs="*", default=[10_000, 100_000])
    given = parser.parse_args()
    for files in given.files:
        measure(files, given.seconds)


if __name__ == "__main__":
    main()
