"""One more frame on an animation of n frames of 530 px: ours beside imageio, Pillow, ffmpeg and gifski.

Each rival makes the whole animation anew, as people do each epoch; ours adds to what it has. Wall and CPU seconds and
peak memory are of the process that does the work. Rivals that are not here are said so: imageio comes by
`pip install imageio`, ffmpeg and gifski by their packages. PSNR is of all frames, without labels, against the sources.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import io
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image, ImageSequence

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from expsyncd.demo.images import grid
from expsyncd.samples.darkroom import Darkroom
from expsyncd.samples.look import Look
from support.pictures import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from expsyncd.samples.frame import Frame

SIDE = 530
RIVALS_UP_TO = 500
KINDS = 20  # different pictures; the rest are those again, moved, so that making them costs little
LOOK = Look(labels=False, cap=1 << 20, budget=1 << 40, fps=10)
PIECE = r"""
import resource, sys
from pathlib import Path
from PIL import Image
names = sorted(str(p) for p in Path(sys.argv[1]).iterdir())[: int(sys.argv[2])]
if sys.argv[3] == "imageio":
    import imageio
    imageio.mimsave(sys.argv[4], [imageio.imread(name) for name in names], fps=10)
else:
    frames = [Image.open(name).convert("RGB") for name in names]
    frames[0].save(sys.argv[4], save_all=True, append_images=frames[1:], duration=100, loop=0)
"""


class Cost(NamedTuple):
    wall: float
    cpu: float
    rss_mb: float


def write(folder: Path, count: int) -> None:
    """Grids of samples that develop from noise to shapes, as a generator's do."""
    shades = [
        Image.fromarray(grid(3, 0.15 + 0.8 * kind / KINDS)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        for kind in range(KINDS)
    ]
    for number in range(count):
        picture = np.roll(np.asarray(shades[number * KINDS // count]), number % SIDE, axis=(0, 1))
        Image.fromarray(picture).save(folder / f"e{number:05}.png", compress_level=1)


def timed(argv: Sequence[str]) -> Cost:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as child:
        peak = 0.0
        while child.poll() is None:
            peak = max(peak, tree_rss(child.pid))
            time.sleep(0.02)
    wall = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert child.returncode == 0, argv
    return Cost(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak)


def tree_rss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0.0
    found = [int(line.split()[1]) for line in text.splitlines() if line.startswith("VmHWM")]
    return found[0] / 1024 if found else 0.0


def rivals(folder: Path, count: int, out: Path) -> dict[str, list[str] | None]:
    pattern = str(folder / "e%05d.png")
    names = [str(path) for path in sorted(folder.iterdir())[:count]]
    has_imageio = importlib.util.find_spec("imageio") is not None
    piece = [sys.executable, "-c", PIECE, str(folder), str(count)]
    filters = "split[a][b];[a]palettegen[p];[b][p]paletteuse"
    return {
        "imageio.mimsave": [*piece, "imageio", str(out)] if has_imageio else None,
        "Pillow save_all": [*piece, "pillow", str(out)],
        "ffmpeg palettegen": ["ffmpeg", "-y", "-framerate", "10", "-i", pattern, "-frames:v", str(count),
                              "-filter_complex", filters, str(out)] if shutil.which("ffmpeg") else None,
        "gifski": ["gifski", "--fps", "10", "-o", str(out), *names] if shutil.which("gifski") else None,
    }  # fmt: skip


def psnr(animation: Path, folder: Path, count: int) -> float:
    """Mean over at most 20 frames."""
    wanted = set(np.linspace(0, count - 1, min(20, count), dtype=int).tolist())
    found = []
    with Image.open(animation) as shown:
        for number, one in enumerate(ImageSequence.Iterator(shown)):
            if number in wanted:
                source = np.asarray(Image.open(folder / f"e{number:05}.png").convert("RGB"), dtype=float)
                error = np.mean((np.asarray(one.convert("RGB"), dtype=float) - source) ** 2)
                found.append(10 * np.log10(255**2 / max(error, 1e-9)))
    return float(np.mean(found))


async def ours(folder: Path, count: int, out: Path, cache: Path) -> Cost:
    """The `count`-th frame after the others."""
    room = Darkroom(cache, 1 << 40, silent_s=600)

    def used() -> tuple[float, float]:
        assert room._cell._child is not None
        words = Path(f"/proc/{room._cell._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), tree_rss(room._cell._child.pid)

    frames: list[Frame] = [frame(folder / f"e{number:05}.png", number) for number in range(count)]
    try:
        done = await room.render(frames[:-1], LOOK, out, latest=out.with_suffix(".png"))
        assert done is not None
        canvas = done.canvas
        # The child that follows a run has this one picture to read, so its memory is measured from here.
        await room.rest()
        await room.render(frames[:2], LOOK, out.with_name("warm.gif"), canvas=canvas)
        cpu, _ = used()
        own = time.process_time()
        started = time.perf_counter()
        await room.render(frames, LOOK, out, canvas=canvas, latest=out.with_suffix(".png"))
        wall = time.perf_counter() - started
        after, peak = used()
        return Cost(wall, after - cpu + time.process_time() - own, peak)
    finally:
        await room.rest()


def compare(count: int, base: Path) -> None:
    folder, out = base / f"n{count}", base / f"out{count}"
    folder.mkdir()
    out.mkdir()
    write(folder, count)
    mine = asyncio.run(ours(folder, count, out / "ours.gif", base / f"cache{count}"))
    size = (out / "ours.gif").stat().st_size
    quality = psnr(out / "ours.gif", folder, count)
    print(
        f"\n{count} frames of {SIDE} px{'':<10} {'wall s':>9} {'CPU s':>9} {'RSS MB':>8} {'size MB':>8} {'PSNR dB':>8}"
    )
    print(row("one more frame, expsyncd", mine, size, quality))
    if count > RIVALS_UP_TO:
        return
    for name, argv in rivals(folder, count, out / "rival.gif").items():
        if argv is None:
            print(f"{name:<30} not here")
            continue
        theirs = timed(argv)
        their_size = (out / "rival.gif").stat().st_size
        better = f"  CPU {theirs.cpu / max(mine.cpu, 0.001):.0f}x ours"
        size_ratio = f", our size {size / their_size:.2f}x"
        print(row(name, theirs, their_size, psnr(out / "rival.gif", folder, count)) + better + size_ratio)
    shutil.rmtree(folder)


def row(name: str, cost: Cost, size: int, quality: float) -> str:
    return f"{name:<30} {cost.wall:9.3f} {cost.cpu:9.3f} {cost.rss_mb:8.0f} {size / 1e6:8.1f} {quality:8.2f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("counts", nargs="*", type=int, default=[50, 500, 2000])
    given = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="exanim"))
    try:
        for count in given.counts:
            compare(count, base)
    finally:
        shutil.rmtree(base, ignore_errors=True)


if __name__ == "__main__":
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
    main()
