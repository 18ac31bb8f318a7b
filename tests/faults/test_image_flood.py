"""Thousands of old images arrive at once: rendered in the background, bounded, and metrics keep their pace."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from PIL import Image, ImageSequence

from support.pictures import encoded, photo
from support.place import Place, children_of
from support.wait import until

FLOOD = int(os.environ.get("EXPSYNCD_FLOOD", "1500"))
RUNS = 5
INTERVAL_S = 2
PACE_S = INTERVAL_S + 3  # an image flood is no archive, but it shares its disk and its Python
MOST_MB = 400
pytestmark = [pytest.mark.slow, pytest.mark.timeout(120 + FLOOD / 20)]


@pytest.fixture
def place(sshd):
    place = Place(sshd.options, sshd.alias)
    place.configure(interval=f"{INTERVAL_S}s")
    yield place
    place.close()


def fill(place):
    first = [encoded(photo(seed, (64, 48))) for seed in range(20)]
    for run in range(RUNS):
        folder = place.remote / f"run{run}" / "samples"
        folder.mkdir(parents=True)
        (folder.parent / "events.out.tfevents.1.h").write_bytes(b"")
        for number in range(FLOOD // RUNS):
            (folder / f"fake_epoch_{number:05}.png").write_bytes(first[number % 20])


def peak_mb(pid):
    text = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")) / 1024


def child_of(place):
    for pid in children_of(place.daemon.pid):
        try:
            if b"expsyncd.samples.develop" in Path(f"/proc/{pid}/cmdline").read_bytes():
                return pid
        except OSError:
            continue
    return None


def test_a_first_pull_of_old_runs(place):
    place.start()
    place.until_fresh()
    metrics = place.remote / "metrics.csv"
    ours = place.mirror / "metrics.csv"
    metrics.write_text("step,loss\n")
    until(ours.exists, 20)
    fill(place)
    frames = place.base / "home/.cache/expsyncd/frames"
    slowest, killed, known, peaks = 0.0, False, 0, {"daemon": 0.0, "child": 0.0}
    step = 0
    deadline = time.monotonic() + 90 + FLOOD / 25
    while True:
        step += 1
        with metrics.open("a") as file:
            file.write(f"{step},1\n")
        began = time.monotonic()
        until(lambda: ours.stat().st_size == metrics.stat().st_size, 60, "the point is here")
        if not killed:
            slowest = max(slowest, time.monotonic() - began)
        peaks["daemon"] = max(peaks["daemon"], peak_mb(place.daemon.pid))
        if child := child_of(place):
            peaks["child"] = max(peaks["child"], peak_mb(child))
        blocks = sum(path.is_file() for path in frames.rglob("*"))
        if not killed and blocks > 100:
            os.kill(place.daemon.pid, signal.SIGKILL)
            place.daemon.wait()
            place.daemon = None
            killed, known = True, blocks
            place.start()
        told = (place.status() or {}).get("samples", {})
        pulled = sum(path.suffix == ".png" for path in place.mirror.rglob("*.png"))
        if killed and pulled >= FLOOD // RUNS * RUNS and told.get("series") == RUNS and not told["waiting"]:
            break
        assert time.monotonic() < deadline, (told, pulled, blocks)
    print(
        f"{FLOOD} images: slowest point {slowest:.1f} s, peaks {peaks['daemon']:.0f} and {peaks['child']:.0f} MB"
    )
    assert sum(path.is_file() for path in frames.rglob("*")) >= known
    for run in range(RUNS):
        (shown,) = (place.root / f"animations/gpu/remote/run{run}").glob("*.gif")
        with Image.open(shown) as image:
            assert len(list(ImageSequence.Iterator(image))) in range(75, 151)
    assert slowest < PACE_S
    assert max(peaks.values()) < MOST_MB
