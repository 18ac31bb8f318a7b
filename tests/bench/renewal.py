"""How long from a new image in the mirror to its renewed animation, by the real daemon; p50 and p95."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from support.pictures import encoded, photo
from support.place import Place
from support.sshd import Sshd
from support.wait import until

SIDE = 530


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--before", type=int, default=150, help="frames that are there already")
    parser.add_argument("--images", type=int, default=60)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ex", dir="/tmp") as folder:
        sshd = Sshd(Path(folder) / "sshd")
        place = Place(sshd.options, sshd.alias)
        try:
            measure(place, given.before, given.images)
        finally:
            place.close()
            sshd.stop()


def measure(place: Place, before: int, images: int) -> None:
    place.configure(interval="60s")
    place.start()
    place.until_fresh()
    samples = place.mirror / "run" / "samples"
    samples.mkdir(parents=True)
    animation = place.root / "animations/gpu/remote/run/samples.fake_epoch.gif"
    pictures = [encoded(photo(seed, (SIDE, SIDE))) for seed in range(16)]

    def add(number: int) -> None:
        (samples / f"fake_epoch_{number:05}.png").write_bytes(pictures[number % 16])

    for number in range(before):
        add(number)
    until(lambda: animation.exists() and place_rests(place), 120)
    took = []
    for number in range(before, before + images):
        was = animation.stat().st_ino
        began = time.perf_counter()
        add(number)
        until(lambda was=was: animation.stat().st_ino != was, 30)
        took.append(time.perf_counter() - began)
    tenths = statistics.quantiles(took, n=20)
    p50, p95 = statistics.median(took), tenths[18]
    print(f"image in the mirror -> animation renewed: p50 {p50:.2f} s, p95 {p95:.2f} s (aim p95 < 1.5 s)")


def place_rests(place: Place) -> bool:
    samples = (place.status() or {}).get("samples", {})
    return bool(samples.get("series")) and not samples["waiting"]


if __name__ == "__main__":
    main()
