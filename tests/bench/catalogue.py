"""`expsyncd runs` over 1,000 runs x 20 tags, beside an empty Python and beside loading the event files instead."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib.util
import os
import random
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))


from bench.table import line, paired
from expsyncd.paths import Paths
from support.catalogues import catalogue, run

TAGS = [f"{part}/{name}" for part in ("train", "val") for name in ("loss", "acc", "psnr", "fid")]
TAGS += ["lr", "epoch", "grad_norm", *(f"layer{number}/norm" for number in range(9))]
MULTIPLEXER = """
import sys
from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
multiplexer = EventMultiplexer().AddRunsFromDirectory(sys.argv[1])
multiplexer.Reload()
for run, found in multiplexer.Runs().items():
    last = [multiplexer.Tensors(run, tag)[-1].step for tag in found["tensors"]]
print(len(multiplexer.Runs()), "runs")
"""
TBPARSE = """
import sys
from tbparse import SummaryReader
print(len(SummaryReader(sys.argv[1], extra_columns={"dir_name"}).scalars), "points")
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument(
        "--points", type=int, default=20, help="a tag, for the rivals to read; ours has read them before"
    )
    parser.add_argument("--times", type=int, default=7)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ex", dir="/tmp") as folder:
        asyncio.run(measure(Path(folder), given.runs, given.points, given.times))


async def measure(folder: Path, runs: int, points: int, times: int) -> None:
    environment = {**os.environ, "HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
    environment.pop("EXPSYNCD_CONFIG", None)
    fill(Paths.of(environment).catalogue_db, folder / "logs", runs, points)
    ours = [sys.executable, "-m", "expsyncd.cli.main", "runs"]
    print(f"{runs} runs x {len(TAGS)} tags, start-up included; medians of {times}")
    cases = [
        (
            "runs / python -c pass",
            ours,
            [sys.executable, "-c", "pass"],
            "Python's own start",
            "< 0.3 s of ours",
        ),
        (
            "runs --where --sort / the same",
            [*ours, "--where", "lr=1e-3", "--sort", "-val/acc"],
            ours,
            "all",
            "no slower",
        ),
    ]
    for name, one, other, words, aim in cases:
        line(name, *await paired(calling(one, environment), calling(other, environment), times), words, aim)
    rivals = [("EventMultiplexer", MULTIPLEXER)]
    rivals += [("tbparse", TBPARSE)] if importlib.util.find_spec("tbparse") else []
    for name, script in rivals:
        instead = [sys.executable, "-c", script, str(folder / "logs")]
        pair = await paired(calling(ours, environment), calling(instead, environment), 1)
        line(f"runs / {name}", *pair, f"{points} points a tag", "far below 1x")


def calling(argv: list[str], environment: dict[str, str]):
    """A coroutine function that runs the command to its end."""

    async def call() -> None:
        await asyncio.to_thread(
            subprocess.run,
            argv,
            env=environment,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    return call


def fill(file: Path, logs: Path, runs: int, points: int) -> None:
    """A catalogue of runs, and event files with the same for the rivals."""
    random_ = random.Random(1)
    rows = []
    for number in range(runs):
        lr, batch = random_.choice(["1e-3", "3e-4", "1e-4"]), random_.choice(["64", "128"])
        settings = {
            "lr": lr,
            "batch_size": batch,
            "model": random_.choice(["unet", "vit"]),
            "seed": str(number),
        }
        settings |= {f"setting{n}": "1" for n in range(16)}
        name = f"gpu{number % 3 + 1}/experiments/2026-11-{number % 28 + 1:02}_lr{lr}_b{batch}_seed{number}"
        scalars = {tag: [(step, random_.random()) for step in range(points)] for tag in TAGS}
        rows.append((run(name, step=points), settings, scalars))
        write_events(logs / name, scalars)
    catalogue(file, *rows)


def write_events(folder: Path, scalars: dict[str, list[tuple[int, float]]]) -> None:
    """One event file as TensorBoard's writers make it."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    folder.mkdir(parents=True)
    events = [Event(file_version="brain.Event:2")]
    for step in range(max(map(len, scalars.values()))):
        values = [Summary.Value(tag=tag, simple_value=points[step][1]) for tag, points in scalars.items()]
        events.append(Event(step=step, wall_time=1e9 + step, summary=Summary(value=values)))
    with (folder / "events.out.tfevents.1").open("wb") as out:
        for event in events:
            record = event.SerializeToString()
            length = struct.pack("<Q", len(record))
            crcs = [struct.pack("<I", masked_crc32c(part)) for part in (length, record)]
            out.write(length + crcs[0] + record + crcs[1])


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
