"""The demo's training alone, and the whole demo as a person runs it."""

from __future__ import annotations

import asyncio
import csv
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from expsyncd.demo.curves import RECIPES, STEPS_PER_EPOCH
from expsyncd.process import Child, run
from support.processes import alive, descendants
from support.wait import eventually

WITHIN_S = 60.0
DEMO = [sys.executable, "-m", "expsyncd.cli.main", "demo"]


def _training(folder, *more):
    return [sys.executable, "-m", "expsyncd.demo.training", str(folder), *more]


def _folder(said: str) -> Path:
    """The demo's folder, by what it printed; other demos may run meanwhile."""
    found = re.search(r"/\S*/exdemo-[^/\s]+", said)
    assert found, said
    return Path(found[0])


async def test_a_short_training_writes_every_kind_completely(tmp_path):
    done = await run(_training(tmp_path, "--speed", "200", "--epochs", "6"), timeout_s=WITHIN_S)
    assert done.code == 0, done.complaint
    gan = tmp_path / "gan"
    for recipe in RECIPES:
        (events,) = (gan / "tb_log" / recipe.name).glob("*tfevents*")
        assert f"lr: {recipe.learning_rate:g}" in (gan / "tb_log" / recipe.name / "hparams.yaml").read_text()
        points: dict[str, list[int]] = {}
        for event in EventFileLoader(str(events)).Load():
            for value in event.summary.value:
                points.setdefault(value.tag, []).append(event.step)
        steps = list(range(6 * STEPS_PER_EPOCH))
        ends = steps[STEPS_PER_EPOCH - 1 :: STEPS_PER_EPOCH]
        assert points == {"loss/train": steps, "lr": steps, "loss/val": ends, "fid": ends}
        images = sorted((gan / "samples" / recipe.name).iterdir())
        assert [path.name for path in images] == [f"fake_samples_epoch_{epoch:03d}.png" for epoch in range(6)]
        for path in images:
            with Image.open(path) as image:
                image.load()
    with (gan / "results/metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["epoch"]), row["run"]) for row in rows] == [
        (e, r.name) for e in range(6) for r in RECIPES
    ]
    assert (gan / "logs/train.log").read_text().endswith("stopped\n")
    assert sorted(path.name for path in gan.glob("checkpoints/*.pt")) == ["model_000.pt", "model_005.pt"]
    checkpoint = (gan / "checkpoints/model_000.pt").stat()
    assert checkpoint.st_size == 60_000_000
    assert checkpoint.st_blocks * 512 < 1_000_000, "not sparse"
    assert (await run(["bash", "-n", str(gan / "run.sh")], timeout_s=WITHIN_S)).code == 0


async def test_a_training_shows_something_at_once_and_ends_cleanly_at_term(tmp_path):
    async with await Child.start(_training(tmp_path)) as child:
        log = tmp_path / "gan/logs/train.log"
        await eventually(lambda: log.exists() and "epoch   2" in log.read_text(), WITHIN_S)
        child.signal_leader(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            assert await child.wait() == 0
    assert log.read_text().endswith("stopped\n")


async def test_a_training_dies_with_its_parent(tmp_path):
    # A parent of its own that is killed; `sh -c` with two commands stays and does not become the training.
    line = f"'{sys.executable}' -m expsyncd.demo.training '{tmp_path}' & echo $!; wait"
    async with await Child.start(["sh", "-c", line]) as parent:
        async for word in parent.lines():
            training = int(word)
            break
        log = tmp_path / "gan/logs/train.log"
        await eventually(lambda: log.exists() and "epoch   2" in log.read_text(), WITHIN_S)
        parent.signal_leader(signal.SIGKILL)
        await parent.wait()
        await eventually(lambda: not alive(training), WITHIN_S)


@pytest.mark.slow
async def test_the_whole_demo_passes_and_leaves_nothing():
    done = await run([*DEMO, "--for", "8s"], timeout_s=WITHIN_S)
    assert done.code == 0, done.text + done.complaint
    assert "everything arrived" in done.text
    assert "http://127.0.0.1:" in done.text
    assert "\x1b" not in done.text
    assert not _folder(done.text).exists()


@pytest.mark.slow
async def test_interrupted_it_sums_up_and_leaves_nothing():
    async with await Child.start(DEMO, grace_s=30) as child:
        said = bytearray()
        interrupted = False
        async with asyncio.timeout(WITHIN_S):
            async for chunk in child.chunks():
                said += chunk
                # Two lines of figures are ten seconds: long enough for points after TensorBoard's start.
                if not interrupted and said.count(b" points") == 3:
                    interrupted = True
                    child.signal_leader(signal.SIGINT)
            assert await child.wait() == 0, said.decode()
    assert b"everything arrived" in said
    assert not _folder(said.decode()).exists()


@pytest.mark.slow
async def test_killed_it_leaves_no_process():
    async with await Child.start(DEMO) as child:
        said = bytearray()
        async for chunk in child.chunks():
            said += chunk
            if b" points" in said:
                break
        ours = descendants(child.pid)
        assert len(ours) >= 4, "daemon, master, training, TensorBoard"
        child.signal_leader(signal.SIGKILL)
        await child.wait()
        await eventually(lambda: not any(alive(pid) for pid in ours), WITHIN_S)
    shutil.rmtree(_folder(said.decode()))  # nobody was left to do it


async def test_a_duration_without_unit_is_a_usage_error():
    done = await run([*DEMO, "--for", "60"], timeout_s=WITHIN_S)
    assert done.code == 2
    assert "60s" in done.complaint
