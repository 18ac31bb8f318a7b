"""A process that writes what real training writes: `python -m expsyncd.demo.training FOLDER`.

Everything lies in FOLDER/gan: event files and settings of three runs, a csv, a text log, sample images,
checkpoints and a launch script. Ends at SIGTERM, and when its parent is gone.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import sys
import threading
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.event_file_writer import EventFileWriter

from expsyncd.demo import curves, images
from expsyncd.demo.curves import RECIPES, STEPS_PER_EPOCH, Recipe
from expsyncd.demo.script import SCRIPT
from expsyncd.errors import Error

if TYPE_CHECKING:
    from collections.abc import Sequence

TICK_S = 0.25  # one step of every run; an epoch is three seconds
FIRST_EPOCHS = 3  # written at once, so that there is something to see
FLUSH_S = 1.0
CHECKPOINT_EVERY = 5  # epochs
CHECKPOINT_BYTES = 60_000_000  # over what is pulled without being asked for; a hole, so the disk has it free
COLUMNS = ("epoch", "run", "step", "loss_train", "loss_val", "fid", "lr")


class Run:
    """One run's event file and sample images."""

    def __init__(self, recipe: Recipe, gan: Path) -> None:
        self.recipe = recipe
        self._samples = gan / "samples" / recipe.name
        self._samples.mkdir(parents=True, exist_ok=True)
        folder = gan / "tb_log" / recipe.name
        self._writer = EventFileWriter(str(folder), flush_secs=FLUSH_S)
        (folder / "hparams.yaml").write_text(settings(recipe))

    def put(self, step: int, at: float, **scalars: float) -> None:
        """Write scalars; `__` in a name stands for `/`. `at` is the wall time in seconds."""
        values = [Summary.Value(tag=tag.replace("__", "/"), simple_value=v) for tag, v in scalars.items()]
        self._writer.add_event(Event(wall_time=at, step=step, summary=Summary(value=values)))

    def step(self, step: int, at: float) -> None:
        """What is logged each step."""
        recipe = self.recipe
        self.put(step, at, loss__train=curves.loss_train(recipe, step), lr=curves.learning_rate(recipe, step))

    def epoch(self, epoch: int, step: int, at: float) -> dict[str, Any]:
        """What is logged at the end of an epoch: validation and samples; the row for the csv."""
        recipe = self.recipe
        val, distance = curves.loss_val(recipe, step), curves.fid(recipe, step)
        self.put(step, at, loss__val=val, fid=distance)
        name = f"fake_samples_epoch_{epoch:03d}.png"
        images.save(self._samples / name, recipe.seed, curves.quality(recipe, step))
        train, rate = curves.loss_train(recipe, step), curves.learning_rate(recipe, step)
        figures = [epoch, recipe.name, step, f"{train:.5f}", f"{val:.5f}", f"{distance:.2f}", f"{rate:.3g}"]
        return dict(zip(COLUMNS, figures, strict=True))

    def flush(self) -> None:
        """Hand what was put to the file."""
        self._writer.flush()

    def close(self) -> None:
        """Flush and close the event file."""
        self._writer.close()


def settings(recipe: Recipe) -> str:
    """A run's hparams.yaml, as frameworks leave it beside the event files."""
    return (
        f"name: {recipe.name}\n"
        f"lr: {recipe.learning_rate:g}\n"
        f"batch_size: {recipe.batch_size}\n"
        f"seed: {recipe.seed}\n"
        "model:\n  generator: dcgan\n  latent: 128\n"
        "optimizer: {name: adam, betas: [0.5, 0.999]}\n"
    )


class Training:
    """Three runs in step, and the files they share. Nothing is written before `begin`."""

    def __init__(self, folder: Path) -> None:
        self.gan = folder / "gan"
        self._runs: list[Run] = []

    def begin(self) -> None:
        """Make the folders, the launch script and the first lines."""
        for name in ("tb_log", "samples", "results", "logs", "checkpoints"):
            (self.gan / name).mkdir(parents=True, exist_ok=True)
        script = self.gan / "run.sh"
        script.write_text(SCRIPT)
        script.chmod(0o755)
        recipes = json.dumps([asdict(recipe) for recipe in RECIPES], indent=2)
        (self.gan / "checkpoints" / "recipes.json").write_text(recipes + "\n")
        self._runs = [Run(recipe, self.gan) for recipe in RECIPES]
        self._table = (self.gan / "results" / "metrics.csv").open("a", newline="")
        self._rows = csv.DictWriter(self._table, COLUMNS)
        self._rows.writeheader()
        self._log = (self.gan / "logs" / "train.log").open("a")
        self._say(time.time(), "training " + ", ".join(recipe.name for recipe in RECIPES))

    def step(self, step: int, at: float) -> None:
        """One step of every run, with what follows at the end of an epoch."""
        for run in self._runs:
            run.step(step, at)
        epoch, within = divmod(step, STEPS_PER_EPOCH)
        if within % 4 == 0:
            losses = "  ".join(f"{r.name} {curves.loss_train(r, step):.4f}" for r in RECIPES)
            self._say(at, f"epoch {epoch:3d} step {step:5d}  loss  {losses}")
        if within == STEPS_PER_EPOCH - 1:
            for run in self._runs:
                self._rows.writerow(run.epoch(epoch, step, at))
            self._table.flush()
            self._checkpoint(epoch, at)

    def _checkpoint(self, epoch: int, at: float) -> None:
        if epoch % CHECKPOINT_EVERY == 0:
            path = self.gan / "checkpoints" / f"model_{epoch:03d}.pt"
            path.write_bytes(b"PK\x03\x04")
            os.truncate(path, CHECKPOINT_BYTES)
            self._say(at, f"saved {path.name}")

    def flush(self) -> None:
        """Hand everything to the files."""
        for run in self._runs:
            run.flush()

    def close(self) -> None:
        """Close everything; the last line says so."""
        self._say(time.time(), "stopped")
        for run in self._runs:
            run.close()
        self._table.close()
        self._log.close()

    def _say(self, at: float, line: str) -> None:
        moment = datetime.fromtimestamp(at).astimezone()
        self._log.write(f"{moment:%Y-%m-%d %H:%M:%S} {line}\n")
        self._log.flush()


def train(folder: Path, stopping: threading.Event, *, speed: float = 1.0, epochs: int | None = None) -> None:
    """Train until `stopping`, `epochs` or the parent's end; `speed` 2 is twice as fast."""
    parent = os.getppid()
    tick_s = TICK_S / speed
    training = Training(folder)
    training.begin()
    try:
        first = FIRST_EPOCHS * STEPS_PER_EPOCH
        last = None if epochs is None else epochs * STEPS_PER_EPOCH
        begun = time.time()
        step, flushed = 0, 0.0
        while not stopping.is_set() and os.getppid() == parent and (last is None or step < last):
            # The first epochs look as if they had been trained at the ordinary pace until now.
            training.step(step, begun - (first - step) * tick_s if step < first else time.time())
            step += 1
            if step >= first:
                if time.monotonic() - flushed >= FLUSH_S:
                    training.flush()
                    flushed = time.monotonic()
                stopping.wait(tick_s)
    finally:
        training.close()


def main(arguments: Sequence[str]) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m expsyncd.demo.training", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--speed", type=float, default=1.0, help="2 is twice as fast")
    parser.add_argument("--epochs", type=int, default=None, help="end after so many; default: never")
    given = parser.parse_args(arguments)
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        train(given.folder, stopping, speed=given.speed, epochs=given.epochs)
    except Error as error:
        print(error, file=sys.stderr)  # noqa: T201 - a program of its own
        return error.exit_status
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
