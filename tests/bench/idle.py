"""What an idle daemon with ten hosts costs, and how long `expsyncd status` takes beside a bare Python."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.place import Place, children_of
from support.sshd import Sshd
from support.wait import until

HOSTS = 10
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / TICKS


def rss_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def timed(argv: list[str], environment: dict[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(argv, env=environment, stdout=subprocess.DEVNULL, check=False)
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="exidle", dir="/tmp"))
    sshd = Sshd(base / "sshd")
    place = Place(sshd.options, sshd.alias)
    try:
        (place.remote / "run").mkdir()
        for number in range(200):
            (place.remote / f"run/{number}.txt").write_text("x")
        place.configure(interval="60s", tensorboard=True)
        # Ten aliases of one sshd: ten connections, as to ten machines.
        aliases = " ".join(f"idle{n}" for n in range(HOSTS))
        sshd.config_file.write_text(
            sshd.config_file.read_text().replace(f"Host {sshd.alias}\n", f"Host {sshd.alias} {aliases}\n")
        )
        hosts = "".join(f"  gpu{n}:\n    ssh: idle{n}\n    sources: [{place.remote}]\n" for n in range(HOSTS))
        text = place.config_file.read_text()
        place.config_file.write_text(text[: text.index("hosts:")] + "hosts:\n" + hosts)
        place.start()
        until(
            lambda: all(
                h["status"] == "connected" and all(s["status"] == "fresh" for s in h["sources"].values())
                for h in (place.status() or {})["hosts"].values()
            ),
            60,
        )
        pid = place.daemon.pid
        masters = [
            p for p in children_of(pid) if b"-M" in Path(f"/proc/{p}/cmdline").read_bytes().split(b"\0")
        ]
        before, masters_before, started = cpu_s(pid), sum(map(cpu_s, masters)), time.monotonic()
        end = started + given.seconds
        until(lambda: time.monotonic() >= end, given.seconds + 5)
        wall = time.monotonic() - started
        print(
            f"daemon, {HOSTS} hosts idle at 60 s: {rss_mb(pid):.0f} MB RSS (aim < 90), "
            f"{100 * (cpu_s(pid) - before) / wall:.2f} % of a core (aim < 0.5), over {wall:.0f} s"
        )
        print(
            f"its {len(masters)} ssh masters: {sum(map(rss_mb, masters)):.0f} MB RSS, "
            f"{100 * (sum(map(cpu_s, masters)) - masters_before) / wall:.2f} % of a core"
        )
        status = [sys.executable, "-m", "expsyncd.cli.main", "status"]
        program = Path(sys.executable).parent / "expsyncd"
        if program.exists():
            status = [str(program), "status"]
        bare = [sys.executable, "-c", "pass"]
        ours, theirs = [], []
        for _ in range(15):
            ours.append(timed(status, place.environment))
            theirs.append(timed(bare, place.environment))
        print(
            f"expsyncd status: {statistics.median(ours):.3f} s (aim < 0.25), "
            f"{statistics.median(a / b for a, b in zip(ours, theirs, strict=True)):.1f}x a bare python -c pass (aim < 6x)"
        )
    finally:
        place.close()
        sshd.stop()
        import shutil

        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    main()
