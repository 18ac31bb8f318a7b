"""From a write on the host to the bytes on this disk and to TensorBoard's answer, beside other ways, in one run.

Every way gets a file that grows by 1 kB at moments that have nothing to do with its own clock. Run inside the
network lab (`netlab.sh python arrival.py`) the same goes through a slow link; `--both` does one after the other.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from subprocess import SubprocessError
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.rivals import UP_WITHIN_S, Link, Lsyncd, Ours, Rclone, RsyncLoop, Syncthing, Unison, Way, polled
from support.tensorboards import Training, steps
from support.wait import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAME = "events.out.tfevents.1"
CHUNK = os.urandom(1000)
LOOK_S = 0.0003
POINTS = 30
LAB = Path(__file__).resolve().parent.parent / "labs" / "netlab.sh"


def percentile(figures: list[float], part: float) -> float:
    return sorted(figures)[min(len(figures) - 1, int(len(figures) * part))]


def said(name: str, waits: list[float], aim: str = "") -> None:
    print(
        f"{name:<34} p50 {1000 * percentile(waits, 0.5):9.1f} ms   p95 {1000 * percentile(waits, 0.95):9.1f} ms"
        f"   {len(waits):4} arrivals{aim and f'   (aim {aim})'}",
        flush=True,
    )


def pause(seconds: float) -> None:
    threading.Event().wait(seconds)


def to_disk(way: Way, share: float) -> list[float]:
    """Seconds from each write to its last byte in the file here."""
    file = way.link.remote / NAME
    file.write_bytes(CHUNK)
    way.start()
    way.until_here(NAME)
    here = way.here / NAME
    pause(max(1.0, way.period_s))
    waits = []
    size = len(CHUNK)
    chance = random.Random(1)

    def arrived() -> bool:
        try:
            return here.stat().st_size >= size
        except FileNotFoundError:
            return False

    for _ in range(max(5, int(way.arrivals * share))):
        pause(chance.uniform(0.02, way.period_s))
        with file.open("ab", buffering=0) as grown:
            grown.write(CHUNK)
        began = time.perf_counter()
        size += len(CHUNK)
        if not polled(arrived, 60, LOOK_S if way.period_s < 1 else 0.002):
            break
        waits.append(time.perf_counter() - began)
    if not polled(partial(begins, file, here), UP_WITHIN_S, 0.01):
        print(f"{way.name}: its copy is not the beginning of the host's file")
    return waits


def begins(file: Path, here: Path) -> bool:
    """Whether the copy is the beginning of the host's file; some take it away before they put the next one there."""
    with suppress(FileNotFoundError):
        return file.read_bytes().startswith(here.read_bytes())
    return False


def shown(port: int, step: int) -> bool:
    return step in steps(port, "gpu/lr1")


def to_tensorboard(link: Link, share: float, *, follow: bool) -> list[float]:
    """Seconds from each point written to TensorBoard's own HTTP answer with it."""
    way = Ours(link, follow=follow, tensorboard=True)
    training = Training(link.remote / "lr1")
    try:
        training.write(range(1))
        way.start()
        place = way.place
        url = until(lambda: (place.status() or {})["tensorboard"]["url"], 60, "TensorBoard serves")
        port = int(url.rpartition(":")[2].rstrip("/"))
        until(lambda: steps(port, "gpu/lr1") == [0], 60, "the first point is shown")
        waits = []
        chance = random.Random(2)
        for step in range(1, 1 + max(5, int(POINTS * share))):
            pause(chance.uniform(0.1, 1.5))
            training.write(range(step, step + 1))
            began = time.perf_counter()
            polled(partial(shown, port, step), 60, 0.01)
            waits.append(time.perf_counter() - began)
        return waits
    finally:
        training.close()
        way.close()


WAYS: tuple[Callable[[Link], Way], ...] = (
    Ours,
    lambda link: Ours(link, follow=False),
    lambda link: RsyncLoop(link, 1.0),
    lambda link: RsyncLoop(link, 5.0),
    Lsyncd,
    Unison,
    Rclone,
    Syncthing,
)


@contextmanager
def said_if_it_fails(name: str) -> Iterator[None]:
    """What one way does not stand is told, and the next one is measured."""
    try:
        yield
    except (AssertionError, KeyError, IndexError, OSError, SubprocessError, ValueError) as error:
        print(f"{name:<34} not measured: {type(error).__name__}: {error}", flush=True)


def measure(share: float, only: str) -> None:
    """All ways with `only` in their name, on loopback or, inside the lab, through its link."""
    with closing(Link()) as link:
        round_trip_s = link.round_trip_s()
    half = 1000 * round_trip_s / 2
    slow = bool(os.environ.get("NETLAB_DIR"))
    through = "through the slow link" if slow else "loopback"
    print(
        f"\nwrite of 1 kB -> bytes on disk, {through}, round trip {2 * half:.1f} ms; load {os.getloadavg()[0]:.1f}"
    )
    aim = f"<= {half + 10:.0f} ms p95" if slow else "<= 5 ms p95"
    for make in WAYS:
        with said_if_it_fails("a way"), closing(Link()) as link, closing(make(link)) as way:
            if only in way.name:
                with said_if_it_fails(way.name):
                    measure_one(way, share, aim)
    if only in "TensorBoard":
        for follow in (True, False):
            name = f"TensorBoard's answer, {'followed' if follow else 'pulls each 1 s'}"
            with said_if_it_fails(name), closing(Link()) as link:
                said(name, to_tensorboard(link, share, follow=follow), "<= 1.2 s p95" if follow else "")


def measure_one(way: Way, share: float, aim: str) -> None:
    """Its line of the table, or why it has none."""
    if reason := way.why_not():
        print(f"{way.name:<34} not measured: {reason}", flush=True)
    elif waits := to_disk(way, share):
        said(way.name, waits, aim if isinstance(way, Ours) and way.period_s < 1 else "")
    else:
        print(f"{way.name:<34} brought nothing within a minute", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--share", type=float, default=1.0, help="of the arrivals, to try it")
    parser.add_argument("--only", default="", help="ways with this in their name")
    parser.add_argument("--both", action="store_true", help="then once more through the 40 ms link")
    given = parser.parse_args()
    measure(given.share, given.only)
    if given.both:
        if os.getuid() != 0:
            print("\nthrough the slow link: not measured, the lab needs root for network namespaces")
            return
        own = [sys.executable, __file__, "--share", str(given.share), "--only", given.only]
        code = subprocess.run(["bash", str(LAB), *own], check=False).returncode
        if code != 0:
            print(f"\nthrough the slow link: the lab ended with status {code}")


if __name__ == "__main__":
    main()
